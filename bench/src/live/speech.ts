import { readFileSync } from 'node:fs';
import { decodePcm } from '@parley/media/testing';

const FOLDER = new URL('../../../test/fixtures/speech/', import.meta.url);
const SAMPLES_PER_MS = 16;

export interface SpokenWord {
  text: string;
  /** The true times on the track. */
  startMs: number;
  endMs: number;
  /** Which utterance of the track it is part of. */
  utterance: number;
}

/** What one speaker says. */
export interface Speech {
  pcm: Int16Array;
  words: SpokenWord[];
}

interface MeetingFile {
  utterances: { speaker: string; text: string; words: [number, number][] }[];
}

/** The three tracks of the scripted meeting. */
export function meetingTracks(): Speech[] {
  const { utterances } = json<MeetingFile>('meeting');
  return ['sarah', 'robert', 'grace'].map((name) => ({
    pcm: pcm(`meeting-${name}`),
    words: utterances
      .filter(({ speaker }) => speaker === name)
      .flatMap(({ text, words }, utterance) =>
        text.split(' ').map((word, index) => {
          const [startMs = 0, endMs = 0] = words[index] ?? [];
          return { text: word, startMs, endMs, utterance };
        }),
      ),
  }));
}

/** The same speech, begun later. */
export function delayed({ pcm, words }: Speech, byMs: number): Speech {
  const later = new Int16Array(pcm.length + byMs * SAMPLES_PER_MS);
  later.set(pcm, byMs * SAMPLES_PER_MS);
  return {
    pcm: later,
    words: words.map((word) => ({ ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs })),
  };
}

/** A minute of one voice without a pause. */
export function monologues(): Speech[] {
  return [1, 2].map((number) => ({
    pcm: pcm(`monologue-${number}`),
    words: json<{ words: Omit<SpokenWord, 'utterance'>[] }>(`monologue-${number}`).words.map((word) => ({
      ...word,
      utterance: 0,
    })),
  }));
}

/**
 * Utterances of the meeting, one after the other, each with a pause of 300 to 450 ms between two of its words. Split over two
 * tracks, so that it takes half the time.
 */
export function pausedSentences(seed: number): Speech[] {
  const { utterances } = json<MeetingFile>('meeting');
  const sources = new Map(['sarah', 'robert', 'grace'].map((name) => [name, pcm(`meeting-${name}`)]));
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return [0, 1].map((half) => {
    const parts: Int16Array[] = [new Int16Array(1_000 * SAMPLES_PER_MS)];
    const words: SpokenWord[] = [];
    let atMs = 1_000;
    for (const [index, { speaker, text, words: times }] of utterances.entries()) {
      if (index % 2 !== half) continue;
      const source = sources.get(speaker) as Int16Array;
      const split = 1 + Math.floor(random() * (times.length - 2));
      const wordGapMs = (times[split]?.[0] ?? 0) - (times[split - 1]?.[1] ?? 0);
      const gapMs = Math.max(0, Math.round(300 + random() * 150 - wordGapMs));
      const fromMs = (times[0]?.[0] ?? 0) - 50;
      const cutMs = Math.round(((times[split - 1]?.[1] ?? 0) + (times[split]?.[0] ?? 0)) / 2);
      const toMs = (times.at(-1)?.[1] ?? 0) + 50;
      parts.push(
        source.slice(fromMs * SAMPLES_PER_MS, cutMs * SAMPLES_PER_MS),
        new Int16Array(gapMs * SAMPLES_PER_MS),
        source.slice(cutMs * SAMPLES_PER_MS, toMs * SAMPLES_PER_MS),
        new Int16Array(1_200 * SAMPLES_PER_MS),
      );
      for (const [place, word] of text.split(' ').entries()) {
        const [startMs = 0, endMs = 0] = times[place] ?? [];
        const shiftMs = atMs - fromMs + (place >= split ? gapMs : 0);
        words.push({ text: word, startMs: startMs + shiftMs, endMs: endMs + shiftMs, utterance: index });
      }
      atMs += toMs - fromMs + gapMs + 1_200;
    }
    return { pcm: joined(parts), words };
  });
}

function joined(parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function pcm(name: string): Int16Array {
  return decodePcm(readFileSync(new URL(`${name}.pcm.br`, FOLDER)));
}

function json<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
}
