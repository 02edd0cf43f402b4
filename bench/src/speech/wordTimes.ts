import type { RecognitionSettings, Recognizer } from '@parley/media/asr';
import { align, comparableWords } from '@parley/media/testing';
import { SAMPLES_PER_MS, type Speech, type SpokenUtterance, type SpokenWord } from './Speech.js';

const PATIENCE_MS = 10 * 60_000;
/** Audio around an utterance, so that its first and last words are whole. */
const MARGIN_MS = 100;

/**
 * Adds the times of words to utterances that have none: each utterance is recognised alone, and words that are also in the script get the
 * recognised times, accurate to some 100 ms. Misrecognised words get none.
 */
export async function withWordTimes(options: {
  speech: Speech;
  recognizer: Recognizer;
  settings: RecognitionSettings;
}): Promise<Speech> {
  const { speech } = options;
  const utterances: SpokenUtterance[] = [];
  for (const utterance of speech.utterances) {
    const words = utterance.words ?? (await wordsHeard({ ...options, utterance }));
    utterances.push({ ...utterance, words });
  }
  return { ...speech, utterances };
}

async function wordsHeard(options: {
  speech: Speech;
  utterance: SpokenUtterance;
  recognizer: Recognizer;
  settings: RecognitionSettings;
}): Promise<SpokenWord[]> {
  const { speech, utterance, recognizer, settings } = options;
  const fromMs = Math.max(0, utterance.startMs - MARGIN_MS);
  const { words = [] } = await recognizer.recognize({
    kind: 'final',
    meetingId: 'bench',
    trackId: 'times',
    pcm: speech.pcm.slice(fromMs * SAMPLES_PER_MS, (utterance.endMs + MARGIN_MS) * SAMPLES_PER_MS),
    settings: { ...settings, prompt: '', words: true },
    deadlineMs: PATIENCE_MS,
  });
  const heard = words.flatMap(({ text, startMs, endMs }) =>
    comparableWords(text).map((comparable) => ({
      text: comparable,
      startMs: fromMs + startMs,
      endMs: fromMs + endMs,
    })),
  );
  const { matches } = align(
    comparableWords(utterance.text),
    heard.map(({ text }) => text),
  );
  return matches.flatMap((match) => (match === undefined ? [] : [heard[match] as SpokenWord]));
}
