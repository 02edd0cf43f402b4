import { readFileSync } from 'node:fs';
import { decodePcm, joinPcm } from '@parley/media/testing';
import {
  SAMPLES_PER_MS,
  type Speech,
  type SpokenUtterance,
  type SpokenWord,
  seededRandom,
  utteranceOf,
} from './Speech.js';

const FOLDER = new URL('../../../test/fixtures/speech/', import.meta.url);
const SPEAKERS = ['sarah', 'robert', 'grace'];

interface MeetingFile {
  utterances: { speaker: string; text: string; words: [number, number][] }[];
}

/** The three tracks of the synthetic meeting. */
export function syntheticTracks(): Speech[] {
  const { utterances } = json<MeetingFile>('meeting');
  return SPEAKERS.map((name) => ({
    pcm: pcm(`meeting-${name}`),
    utterances: utterances
      .filter(({ speaker }) => speaker === name)
      .map(({ text, words }) =>
        utteranceOf(
          text.split(' ').map((word, index) => {
            const [startMs = 0, endMs = 0] = words[index] ?? [];
            return { text: word, startMs, endMs };
          }),
        ),
      ),
  }));
}

/** A minute of one voice without a pause, twice. */
export function syntheticMonologues(): Speech[] {
  return [1, 2].map((number) => ({
    pcm: pcm(`monologue-${number}`),
    utterances: [utteranceOf(json<{ words: SpokenWord[] }>(`monologue-${number}`).words)],
  }));
}

/**
 * Utterances of the meeting, one after the other, each with a pause of 300 to 450 ms between two of its words. Split over two
 * tracks, so that it takes half the time.
 */
export function syntheticPausedSentences(seed: number): Speech[] {
  const { utterances } = json<MeetingFile>('meeting');
  const sources = new Map(SPEAKERS.map((name) => [name, pcm(`meeting-${name}`)]));
  const random = seededRandom(seed);
  return [0, 1].map((half) => {
    const parts: Int16Array[] = [new Int16Array(1_000 * SAMPLES_PER_MS)];
    const paused: SpokenUtterance[] = [];
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
      const said = text.split(' ').map((word, place) => {
        const [startMs = 0, endMs = 0] = times[place] ?? [];
        const shiftMs = atMs - fromMs + (place >= split ? gapMs : 0);
        return { text: word, startMs: startMs + shiftMs, endMs: endMs + shiftMs };
      });
      paused.push(utteranceOf(said));
      atMs += toMs - fromMs + gapMs + 1_200;
    }
    return { pcm: joinPcm(parts), utterances: paused };
  });
}

function pcm(name: string): Int16Array {
  return decodePcm(readFileSync(new URL(`${name}.pcm.br`, FOLDER)));
}

function json<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
}
