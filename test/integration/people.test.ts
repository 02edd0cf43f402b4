import { TEST_MODEL } from '@parley/media/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIPS, type Clip, soundOf, withoutPublishedModel, wordErrors } from '../support/people.js';
import { engineThere, expectBalanced, finalsOf, SpeechRig, textOf } from './support/SpeechRig.js';

const MS = 16;
const CLIP_TIMEOUT_MS = 120_000;

const clip = (name: string): Clip => {
  const found = CLIPS.find(({ file }) => file.startsWith(name));
  if (found === undefined) throw new Error(name);
  return found;
};
const spoken = CLIPS.filter(({ language }) => language !== '');
const english = spoken.filter(({ language }) => language === 'en');

function joined(...parts: Int16Array[]): Int16Array {
  const pcm = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    pcm.set(part, at);
    at += part.length;
  }
  return pcm;
}

const silence = (ms: number) => new Int16Array(ms * MS);

/** As a microphone gives it whose gain is wrong: too loud is cut off. */
function amplified(pcm: Int16Array, decibels: number): Int16Array {
  const gain = 10 ** (decibels / 20);
  return pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))));
}

describe.skipIf(!engineThere || withoutPublishedModel())('people, with a published model', () => {
  let rig: SpeechRig;
  beforeAll(async () => {
    rig = await SpeechRig.create({ model: TEST_MODEL });
  }, 60_000);
  afterAll(() => rig?.close());

  /** With a microphone that is open before and after. */
  const play = async (pcm: Int16Array) => {
    const [told] = await rig.play([{ name: 'p_1', pcm: joined(silence(400), pcm, silence(1_500)) }]);
    if (told === undefined) throw new Error('nobody was played');
    expectBalanced(told);
    return told;
  };

  describe('are understood and their language is found', () => {
    const counted: { language: string; words: number; line: number; bare: number }[] = [];

    it.each(spoken)('$file', { timeout: CLIP_TIMEOUT_MS }, async (each) => {
      const pcm = await soundOf(each);
      const told = await play(pcm);
      expect(finalsOf(told).map(({ hypothesis }) => hypothesis.language)).toEqual(
        finalsOf(told).map(() => each.language),
      );
      const line = wordErrors({ said: each.text, heard: textOf(told) });
      const bare = wordErrors({ said: each.text, heard: await rig.bareText(pcm) });
      counted.push({ language: each.language, words: line.words, line: line.errors, bare: bare.errors });
      // Of ten words, one is ten points.
      expect(line.errors).toBeLessThanOrEqual(bare.errors + 1);
    });

    it('with hardly more wrong words, in English and in all, than by the bare engine', () => {
      expect(counted).toHaveLength(spoken.length);
      const sum = (of: typeof counted, key: 'words' | 'line' | 'bare') =>
        of.reduce((total, each) => total + each[key], 0);
      const inEnglish = counted.filter(({ language }) => language === 'en');
      for (const of of [inEnglish, counted]) {
        expect(sum(of, 'line')).toBeLessThanOrEqual(sum(of, 'bare') + Math.ceil(sum(of, 'words') / 100));
      }
      expect(sum(inEnglish, 'line') / sum(inEnglish, 'words')).toBeLessThanOrEqual(0.03);
    });
  });

  describe('known to go wrong', () => {
    const sounds = () => Promise.all(english.map(soundOf));
    const said = english.map(({ text }) => text).join(' ');

    it.fails('nothing is written for a room in which nobody speaks', { timeout: CLIP_TIMEOUT_MS }, async () => {
      expect(textOf(await play(await soundOf(clip('empty'))))).toBe('');
    });

    it.fails('a voice that goes from English to German is written in German', {
      timeout: CLIP_TIMEOUT_MS,
    }, async () => {
      const [first, second] = [clip('en-quilter'), clip('de-portal')];
      const told = await play(joined(await soundOf(first), silence(1_500), await soundOf(second)));
      expect(finalsOf(told).at(-1)?.hypothesis.language).toBe('de');
      expect(textOf(told)).toMatch(/Portal/);
    });

    it.fails.each([
      ['quiet', -36],
      ['clipping', 24],
    ])('a %s microphone loses no words that the bare engine has', { timeout: 240_000 }, async (_what, decibels) => {
      const parts = (await sounds()).map((pcm) => amplified(pcm, decibels));
      const told = await play(joined(...parts.flatMap((pcm) => [pcm, silence(1_000)])));
      const line = wordErrors({ said, heard: textOf(told) });
      let bare = '';
      for (const pcm of parts) bare += ` ${await rig.bareText(pcm)}`;
      console.log(decibels, line, wordErrors({ said, heard: bare }), textOf(told));
      expect(line.errors).toBeLessThanOrEqual(wordErrors({ said, heard: bare }).errors + 1);
    });
  });
});
