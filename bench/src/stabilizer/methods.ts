import { joinWords, splitWords } from '@parley/media/asr';
import { Stabilizer } from '@parley/media/worker';
import type { ScenarioObservation } from './scenario.js';

/** What a method shows after an observation, and what it has settled for good. */
export interface Shown {
  words: string[];
  /** Settled words, first to last; never shrinks. */
  committed: string[];
}

/** Turns the answers of a recogniser into text that is shown. One object per replay. */
export interface Method {
  update(observation: ScenarioObservation): Shown;
}

/** Ours. */
export function parleyMethod(options: { agreement: number; stabilityMs: number }): Method {
  const stabilizer = new Stabilizer(options);
  return {
    update({ text, words, audioEndS }) {
      const timed = words?.map(({ text: word, startS, endS, probability }) => ({
        text: word,
        startMs: startS * 1_000,
        endMs: endS * 1_000,
        ...(probability === undefined ? {} : { probability }),
      }));
      const { committed, tail } = stabilizer.update({
        text,
        ...(timed === undefined ? {} : { words: timed }),
        audioStartMs: 0,
        audioEndMs: audioEndS * 1_000,
      });
      return { words: splitWords(joinWords([...committed, ...tail])), committed: committed.map((word) => word.text) };
    },
  };
}

/** Shows each answer as it comes. Readers take a shown word as said, so it counts as settled when it is first shown. */
export function rawInterims(): Method {
  const committed: string[] = [];
  return {
    update({ text }) {
      const words = splitWords(text);
      committed.push(...words.slice(committed.length));
      return { words, committed: [...committed] };
    },
  };
}

/** Settles all of an answer when this many answers in a row were the same, as WhisperLive does. */
export function identicalOutputs(count: number): Method {
  let last = '';
  let times = 0;
  let committed: string[] = [];
  return {
    update({ text }) {
      times = text === last ? times + 1 : 1;
      last = text;
      const words = splitWords(text);
      if (times >= count && words.length > committed.length)
        committed = [...committed, ...words.slice(committed.length)];
      return { words: [...committed, ...words.slice(committed.length)], committed };
    },
  };
}
