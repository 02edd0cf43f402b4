import type { Recognizer } from '../asr/contract/Recognizer.js';
import type { Hypothesis, HypothesisWord, RecognitionRequest } from '../asr/contract/recognition.js';
import {
  VAD_FRAME_SAMPLES,
  VoiceActivityStream,
  type VoiceActivityStreamOptions,
} from '../worker/speech/VoiceActivityStream.js';
import { hypothesisOf } from './FakeRecognizer.js';

const SAMPLES_PER_MS = 16;
/** Level of the first word. Each further word is one step louder, which tells it from the others. */
const LOWEST_LEVEL = 2_000;
const LEVEL_STEP = 40;
/** Silence between two words, and after a mark. */
const WORD_GAP_MS = 60;
const MARK_GAP_MS = 170;
/** Silence that still counts as speech for the fake voice activity. */
const HANG_OVER_FRAMES = 7;

export interface WrittenSpeech {
  pcm: Int16Array;
  words: string[];
}

/**
 * Speech that a `WrittenSpeechReader` can read: each word is a tone at a level of its own. So a recogniser without a model finds the words
 * that are really there in any piece of audio.
 * @param options.wordMs length of a word with the gap after it, default 500
 */
export function writeSpeech(text: string, options: { wordMs?: number } = {}): WrittenSpeech {
  const wordMs = options.wordMs ?? 500;
  const words = text.split(' ');
  const pcm: number[] = [];
  for (const [index, word] of words.entries()) {
    const level = LOWEST_LEVEL + index * LEVEL_STEP;
    const gapMs = /[.,?!]$/u.test(word) ? MARK_GAP_MS : WORD_GAP_MS;
    for (let at = 0; at < wordMs * SAMPLES_PER_MS; at += 1) {
      const sounds = at < (wordMs - gapMs) * SAMPLES_PER_MS;
      pcm.push(sounds ? (at % 2 === 0 ? level : -level) : 0);
    }
  }
  return { pcm: Int16Array.from(pcm), words };
}

/** A recogniser of written speech. If at least half of a word is there, it reads the whole word; otherwise nothing. */
export class WrittenSpeechReader implements Recognizer {
  readonly requests: RecognitionRequest[] = [];
  readonly #words: readonly string[];
  readonly #alter: (heard: HypothesisWord[], request: RecognitionRequest) => HypothesisWord[];

  /** @param options.alter changes the words that it returns; default: no change */
  constructor(options: {
    words: readonly string[];
    alter?: (heard: HypothesisWord[], request: RecognitionRequest) => HypothesisWord[];
  }) {
    this.#words = options.words;
    this.#alter = options.alter ?? ((heard) => heard);
  }

  recognize(request: RecognitionRequest): Promise<Hypothesis> {
    this.requests.push(request);
    const words = this.#alter(this.#read(request.pcm), request);
    const engineMs = request.pcm.length / SAMPLES_PER_MS / 100;
    return Promise.resolve({ ...hypothesisOf(words.map(({ text }) => text).join(' '), engineMs), words });
  }

  #read(pcm: Int16Array): HypothesisWord[] {
    const words: HypothesisWord[] = [];
    for (let at = 0; at < pcm.length; ) {
      const level = Math.abs(pcm[at] ?? 0);
      let end = at + 1;
      while (end < pcm.length && Math.abs(pcm[end] ?? 0) === level) end += 1;
      const text = this.#words[(level - LOWEST_LEVEL) / LEVEL_STEP];
      const startMs = at / SAMPLES_PER_MS;
      const endMs = end / SAMPLES_PER_MS;
      if (text !== undefined && endMs - startMs >= 150) words.push({ text, startMs, endMs, probability: 0.95 });
      at = end;
    }
    return words;
  }
}

/** Voice activity without a model: all sound is speech, and so is a short silence after it. */
export const soundActivity = {
  open(options: VoiceActivityStreamOptions): VoiceActivityStream {
    let silentFrames = HANG_OVER_FRAMES;
    return new VoiceActivityStream(
      {
        ready(stream) {
          const frame = stream.takeFrame();
          if (frame === undefined) return;
          silentFrames = frame.some((sample) => sample !== 0) ? 0 : silentFrames + 1;
          stream.finish(silentFrames < HANG_OVER_FRAMES ? 0.95 : 0.02);
        },
        closed() {},
      },
      options,
    );
  },
};

/** Samples of silence of this length, in whole frames. */
export function silentFrames(ms: number): Int16Array {
  return new Int16Array(Math.ceil((ms * SAMPLES_PER_MS) / VAD_FRAME_SAMPLES) * VAD_FRAME_SAMPLES);
}
