import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinWords } from '../../../asr/contract/text/words.js';
import { type Observation, Stabilizer } from './Stabilizer.js';

const OPTIONS = { agreement: 2, stabilityMs: 200 };

/** Words of 300 ms each, one after the other, with one probability. */
function heard(text: string, audioEndMs: number, probability = 0.95): Observation {
  const words = text.split(' ').map((word, index) => ({
    text: word,
    startMs: index * 300,
    endMs: index * 300 + 280,
    probability,
  }));
  return { text, words, audioStartMs: 0, audioEndMs };
}

describe('Stabilizer', () => {
  it('settles words on which two hypotheses agree, but not the one at the end of the audio', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    expect(stabilizer.update(heard('we have three topics', 1_200)).committed).toEqual([]);
    const text = stabilizer.update(heard('we have three topics on', 1_500));
    expect(text.newlyCommitted.map((word) => word.text)).toEqual(['we', 'have', 'three', 'topics']);
    expect(text.text.slice(0, text.stableLength)).toBe('we have three topics');
    expect(text.commitLatencyMs).toBe(1_500 - 1_180);
  });

  it('takes the same audio again for no evidence', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    for (let times = 0; times < 5; times += 1) stabilizer.update(heard('we have three topics', 1_200));
    expect(stabilizer.committed).toEqual([]);
  });

  it('wants the agreeing hypotheses to lie apart by the stability time', () => {
    const stabilizer = new Stabilizer({ agreement: 2, stabilityMs: 500 });
    stabilizer.update(heard('we have three topics', 1_200));
    expect(stabilizer.update(heard('we have three topics', 1_500)).committed).toEqual([]);
    expect(stabilizer.update(heard('we have three topics on', 1_800)).committed).toHaveLength(4);
  });

  it('asks for more before it settles words of which the engine is unsure, and does not settle improbable ones', () => {
    const unsure = new Stabilizer(OPTIONS);
    for (const endMs of [1_200, 1_500]) unsure.update(heard('we have three topics', endMs, 0.8));
    expect(unsure.committed).toEqual([]);
    expect(unsure.update(heard('we have three topics', 1_800, 0.8)).committed).toHaveLength(4);
    const improbable = new Stabilizer(OPTIONS);
    for (const endMs of [1_200, 1_500, 1_800, 2_100]) improbable.update(heard('we have three topics', endMs, 0.3));
    expect(improbable.committed).toEqual([]);
  });

  it('takes two hypotheses for enough where they are far apart and say nothing of times and probabilities', () => {
    const told = (text: string, audioEndMs: number) => ({ text, audioStartMs: 0, audioEndMs });
    const slow = new Stabilizer(OPTIONS);
    slow.update(told('We have three', 1_000));
    expect(slow.update(told('We have three topics on the.', 1_900)).committed.map(({ text }) => text)).toEqual([
      'We',
      'have',
      'three',
    ]);
    const quick = new Stabilizer(OPTIONS);
    quick.update(told('We have three', 1_000));
    expect(quick.update(told('We have three topics', 1_300)).committed).toEqual([]);
  });

  it('leaves words without times where they were, however long a pause follows', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    const text = 'we have three topics on the agenda';
    stabilizer.update({ text, audioStartMs: 0, audioEndMs: 2_500 });
    // Spread over all of the audio, each would now be far from its place, and none would agree.
    const { committed } = stabilizer.update({ text: `${text} today`, audioStartMs: 0, audioEndMs: 9_000 });
    expect(committed.map((word) => word.text)).toEqual(text.split(' '));
    expect(committed.at(-1)?.endMs).toBeLessThanOrEqual(2_500);
  });

  it('does not settle the last word of a text without times, however often it comes', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    for (const audioEndMs of [1_000, 1_900, 2_800, 3_700]) {
      stabilizer.update({ text: 'Thanks for watching', audioStartMs: 0, audioEndMs });
    }
    expect(stabilizer.committed.map(({ text }) => text)).toEqual(['Thanks', 'for']);
  });

  it('shows a rare hypothesis without waiting for the next one, but for its last words', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    const shown = stabilizer.update({ text: 'we have three topics on the', audioStartMs: 0, audioEndMs: 1_800 });
    expect(shown.text).toBe('we have three');
  });

  it('never changes what is settled, whatever comes', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    stabilizer.update(heard('Good morning everyone and', 1_200));
    stabilizer.update(heard('Good morning everyone and welcome', 1_500));
    const text = stabilizer.update(heard('Could mourning everyone and welcome to', 1_800));
    expect(text.text.startsWith('Good morning everyone and')).toBe(true);
  });

  it('shows a word at the end of the audio only when it has been heard twice', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    stabilizer.update(heard('we finished the', 900));
    expect(stabilizer.update(heard('we finished the data', 1_200)).text).toBe('we finished the');
    expect(stabilizer.update(heard('we finished the database', 1_500)).text).toBe('we finished the');
    expect(stabilizer.update(heard('we finished the database on', 1_800)).text).toBe('we finished the database');
  });

  it('shows the very first word at once when the engine is sure of it', () => {
    expect(new Stabilizer(OPTIONS).update(heard('Hello', 300)).text).toBe('Hello');
    expect(new Stabilizer(OPTIONS).update(heard('Hello', 300, 0.3)).text).toBe('');
  });

  it('takes no visible word back only because one hypothesis is shorter', () => {
    const stabilizer = new Stabilizer({ agreement: 8, stabilityMs: 200 });
    stabilizer.update(heard('we have three topics on the', 1_800));
    const before = stabilizer.update(heard('we have three topics on the agenda', 2_100)).text;
    expect(stabilizer.update(heard('we have three', 2_400)).text).toBe(before);
  });

  it('hides an outlier until a second hypothesis bears it out', () => {
    const stabilizer = new Stabilizer({ agreement: 4, stabilityMs: 200 });
    stabilizer.update(heard('we have three topics today', 1_500));
    stabilizer.update(heard('we have three topics today', 1_800));
    const outlier = stabilizer.update(heard('thanks for watching this video', 2_100));
    expect(outlier.outlier).toBe(true);
    expect(outlier.text).toContain('three topics');
    expect(stabilizer.update(heard('thanks for watching this video', 2_400)).outlier).toBe(false);
  });

  it('goes on after its settled words when a hypothesis begins later in the audio', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    stabilizer.update(heard('one two three four five', 1_500));
    stabilizer.update(heard('one two three four five six', 1_800));
    const words = ['five', 'six', 'seven', 'eight'].map((text, index) => ({
      text,
      startMs: 1_200 + index * 300,
      endMs: 1_480 + index * 300,
      probability: 0.95,
    }));
    const text = stabilizer.update({ text: 'five six seven eight', words, audioStartMs: 1_200, audioEndMs: 2_500 });
    expect(text.text).toBe('one two three four five six seven');
  });

  it('settles what leaves the window as it reads, so that what follows it can be settled', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    for (const [index, first] of ['ask', 'asked', 'as', 'ask'].entries()) {
      expect(stabilizer.update(heard(`${first} not what your country`, 1_500 + index * 300)).committed).toEqual([]);
    }
    expect(stabilizer.settleBefore(250)).toBe(280);
    expect(stabilizer.shown.text).toBe('ask not what your');
    expect(
      stabilizer.update(heard('as not what your country can', 2_700)).newlyCommitted.map(({ text }) => text),
    ).toEqual(['not', 'what', 'your', 'country']);
  });

  it('settles before a time what was heard there last, where nothing of it is shown', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    expect(stabilizer.settleBefore(1_000)).toBe(0);
    stabilizer.update(heard('one two three', 1_200, 0.3));
    expect(stabilizer.shown.text).toBe('');
    expect(stabilizer.settleBefore(500)).toBe(580);
    expect(stabilizer.settleBefore(500)).toBe(580);
    expect(stabilizer.shown.text).toBe('one two');
  });

  it('hands settled words beyond a cut to the next utterance', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    stabilizer.update(heard('all done now. the next one goes', 2_100));
    stabilizer.update(heard('all done now. the next one goes on', 2_400));
    const next = stabilizer.splitAt(890);
    expect(next.shown.text).toBe('the next one goes');
    expect(next.committed[0]?.startMs).toBe(10);
    expect(stabilizer.finalize({ text: 'All done now.', audioEndMs: 890 }).corrections).toEqual([]);
  });

  it('says which settled words the final changed', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    stabilizer.update(heard('we sell the supplier about it', 1_800));
    stabilizer.update(heard('we sell the supplier about it now', 2_100));
    expect(stabilizer.finalize({ text: 'We tell the supplier about it now, and then some.' }).corrections).toEqual([
      { from: 'sell', to: 'tell' },
    ]);
  });

  it('settles everything once the speech is over, without the guess of a full stop', () => {
    const stabilizer = new Stabilizer(OPTIONS);
    stabilizer.update(heard('hello there everyone', 900));
    const text = stabilizer.update({ ...heard('hello there everyone.', 1_300), speechEndMs: 900 });
    expect(text.committed.map((word) => word.text)).toEqual(['hello', 'there', 'everyone']);
  });

  it('holds its promises for any recogniser: the settled prefix only grows, and memory stays bounded', () => {
    const vocabulary = ['the', 'budget', 'is', 'forty', 'two', 'thousand', '今天', 'naïve', '👩‍👩‍👧', 'end.'];
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom(...vocabulary), { maxLength: 12 }), { maxLength: 25 }), (texts) => {
        const stabilizer = new Stabilizer(OPTIONS);
        let prefix = '';
        for (const [turn, words] of texts.entries()) {
          const text = stabilizer.update({ text: words.join(' '), audioStartMs: 0, audioEndMs: 300 * (turn + 1) });
          expect(text.text.startsWith(prefix)).toBe(true);
          expect(text.text.slice(0, text.stableLength)).toBe(joinWords(text.committed));
          prefix = text.text.slice(0, text.stableLength);
        }
      }),
      { numRuns: 200 },
    );
  });
});
