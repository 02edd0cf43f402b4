import { fileURLToPath } from 'node:url';
import { loadMeeting } from '@parley/demo';
import { comparableWords, joinPcm } from '@parley/media/testing';
import { pausesOf, withoutPauses } from './pauses.js';
import { readAudio } from './readAudio.js';
import { readClips } from './readClips.js';
import { SAMPLES_PER_MS, type Span, type Speech, type SpokenUtterance, seededRandom, utteranceOf } from './Speech.js';

const CLIPS = fileURLToPath(new URL('../../../test/fixtures/people/clips', import.meta.url));
/** Of the recordings for the extras: all models know it. */
const LANGUAGE = 'en';
/** The peak level of all recordings, as in the meeting. */
const PEAK = 0.6;
/** Longer ones are shortened in a monologue. */
const LONGEST_PAUSE_MS = 120;
/** Shorter ones may be part of a word. */
const SHORTEST_PAUSE_MS = 50;
/** Least speech on either side of a pause that is made longer. */
const LEAST_SAID_MS = 500;
const BETWEEN_SENTENCES_MS = 1_200;
const LEAD_MS = 1_000;

/**
 * The tracks of a meeting's folder, one per speaker. Words have times if the script has them.
 *
 * @throws Error if the folder has no meeting, or a track cannot be read
 */
export async function readTracks(directory: string): Promise<Speech[]> {
  const { speakers, utterances } = await loadMeeting(directory);
  return await Promise.all(
    speakers.map(async ({ name, file }) => ({
      pcm: await readAudio(file),
      utterances: utterances
        .filter(({ speaker }) => speaker === name)
        .map(({ text, words, startMs, endMs }): SpokenUtterance => {
          if (words === undefined) return { text, startMs, endMs };
          const texts = comparableWords(text);
          return { ...utteranceOf(words.map((span, index) => ({ ...span, text: texts[index] ?? '' }))), text };
        }),
    })),
  );
}

/**
 * The English recordings of people back to back, with pauses of at most 120 ms: some 40 s without a pause, by several voices; and the same
 * in the opposite order.
 */
export async function peoplesMonologues(): Promise<Speech[]> {
  const clips = await englishClips();
  return [clips, clips.toReversed()].map((order) => {
    let atMs = 0;
    const utterances = order.map(({ text, pcm }) => {
      const startMs = atMs;
      atMs += pcm.length / SAMPLES_PER_MS;
      return { text, startMs, endMs: atMs };
    });
    return { pcm: joinPcm(order.map(({ pcm }) => pcm)), utterances };
  });
}

/**
 * The English recordings of people, one after the other, each with one pause stretched to 300 to 450 ms, chosen by the seed. Recordings
 * without a pause are left out. Split over two tracks, so that it takes half the time.
 */
export async function peoplesPausedSentences(seed: number): Promise<Speech[]> {
  const random = seededRandom(seed);
  const sentences = (await englishClips()).flatMap(({ text, pcm }) => {
    const pauses = innerPauses(pcm);
    const pause = pauses[Math.floor(random() * pauses.length)];
    return pause === undefined ? [] : [{ text, pcm: stretched(pcm, { pause, toMs: 300 + random() * 150 }) }];
  });
  return [0, 1].map((half) => {
    const parts: Int16Array[] = [new Int16Array(LEAD_MS * SAMPLES_PER_MS)];
    const utterances: SpokenUtterance[] = [];
    let atMs = LEAD_MS;
    for (const { text, pcm } of sentences.filter((_, index) => index % 2 === half)) {
      const lengthMs = pcm.length / SAMPLES_PER_MS;
      utterances.push({ text, startMs: atMs, endMs: atMs + lengthMs });
      parts.push(pcm, new Int16Array(BETWEEN_SENTENCES_MS * SAMPLES_PER_MS));
      atMs += lengthMs + BETWEEN_SENTENCES_MS;
    }
    return { pcm: joinPcm(parts), utterances };
  });
}

async function englishClips(): Promise<{ text: string; pcm: Int16Array }[]> {
  const clips = (await readClips(CLIPS)) ?? [];
  const english = clips.filter(({ language }) => language === LANGUAGE);
  return await Promise.all(
    english.map(async ({ audioFile, text }) => ({
      text,
      pcm: atPeak(trimmed(withoutPauses(await readAudio(audioFile), { mostMs: LONGEST_PAUSE_MS }))),
    })),
  );
}

/** Without the silence before and after the speech, so that starts and ends are true. */
function trimmed(pcm: Int16Array): Int16Array {
  const pauses = pausesOf(pcm);
  const first = pauses[0];
  const last = pauses.at(-1);
  const lengthMs = pcm.length / SAMPLES_PER_MS;
  const fromMs = first?.startMs === 0 ? first.endMs : 0;
  const toMs = last?.endMs === lengthMs ? last.startMs : lengthMs;
  return pcm.subarray(fromMs * SAMPLES_PER_MS, toMs * SAMPLES_PER_MS);
}

function atPeak(pcm: Int16Array): Int16Array {
  const loudest = pcm.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return pcm.map((value) => Math.round((value * PEAK * 32_767) / loudest));
}

function innerPauses(pcm: Int16Array): Span[] {
  const lengthMs = pcm.length / SAMPLES_PER_MS;
  return pausesOf(pcm).filter(
    ({ startMs, endMs }) =>
      endMs - startMs >= SHORTEST_PAUSE_MS && startMs >= LEAST_SAID_MS && lengthMs - endMs >= LEAST_SAID_MS,
  );
}

/** The pause plays forwards and backwards in turn, so that its noise goes on without a jump. */
function stretched(pcm: Int16Array, { pause, toMs }: { pause: Span; toMs: number }): Int16Array {
  const [from, to] = [pause.startMs * SAMPLES_PER_MS, pause.endMs * SAMPLES_PER_MS];
  const forwards = pcm.subarray(from, to);
  const both = joinPcm([forwards, forwards.toReversed()]);
  const longer = Int16Array.from({ length: toMs * SAMPLES_PER_MS }, (_, index) => both[index % both.length] ?? 0);
  return joinPcm([pcm.subarray(0, from), longer, pcm.subarray(to)]);
}
