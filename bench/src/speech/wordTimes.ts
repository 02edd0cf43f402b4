import type { RecognitionSettings, Recognizer } from '@parley/media/asr';
import { align, comparableWords } from '@parley/media/testing';
import { SAMPLES_PER_MS, type Speech, type SpokenUtterance, type SpokenWord } from './Speech.js';

const PATIENCE_MS = 10 * 60_000;
/** Around an utterance, so that its first and last word are heard whole. */
const MARGIN_MS = 100;

/**
 * Adds the times of words to utterances that have none: the recogniser hears each utterance alone, and words of its text that are in the
 * script get the times that it gives them, within some 100 ms. Words that it misheard get none.
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
