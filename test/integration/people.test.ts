import type { SpeechOverrides } from '@parley/media';
import { comparableWords, joinPcm, TEST_MODEL } from '@parley/media/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIPS, type Clip, soundOf, withoutPublishedModel, wordErrors } from '../support/people.js';
import { engineThere, expectBalanced, finalsOf, SpeechRig, textOf } from './support/SpeechRig.js';

const MS = 16;
/** Silence before a recording. */
const LEADS_MS = [400, 300, 450, 533] as const;

interface Compared {
  words: number;
  /** Words that are wrong, through the whole line ... */
  line: number;
  /** ... and by the same model alone. */
  bare: number;
}

const clip = (name: string): Clip => {
  const found = CLIPS.find(({ file }) => file.startsWith(name));
  if (found === undefined) throw new Error(name);
  return found;
};
const english = CLIPS.filter(({ language }) => language === 'en');
const others = CLIPS.filter(({ language }) => language !== 'en' && language !== '');

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

  /** Through Opus, with a microphone that is open before and after. The samples are what the bare engine gets. */
  const play = async (pcm: Int16Array, leadMs: number = LEADS_MS[0], overrides: SpeechOverrides = {}) => {
    const samples = joinPcm([silence(leadMs), pcm, silence(1_500)]);
    const [told] = await rig.play([{ name: 'p_1', pcm: samples, opus: true, overrides }]);
    if (told === undefined) throw new Error('nobody was played');
    expectBalanced(told);
    return {
      told,
      text: textOf(told),
      languages: finalsOf(told).map(({ hypothesis }) => hypothesis.language),
      samples,
    };
  };

  /** Word errors of the line and of the bare engine. */
  const compare = async (each: Clip, leadMs: number): Promise<Compared> => {
    const { text, languages, samples } = await play(await soundOf(each), leadMs);
    expect(new Set(languages)).toEqual(new Set([each.language]));
    const { errors: line, words } = wordErrors({ said: each.text, heard: text });
    const { errors: bare } = wordErrors({ said: each.text, heard: await rig.bareText(samples) });
    return { words, line, bare };
  };

  describe('are understood, and their language is found', () => {
    it('in English, with no more wrong words than by the bare engine and one of a hundred', async () => {
      const compared: Compared[] = [];
      for (const each of english) compared.push(await compare(each, LEADS_MS[0]));
      expect(sumOf(compared, 'line')).toBeLessThanOrEqual(allowed(compared));
      expect(sumOf(compared, 'line') / sumOf(compared, 'words')).toBeLessThanOrEqual(0.03);
    }, 240_000);

    // One recording each: what the model makes of it hangs on where its frames lie, for the bare engine as well. So each is heard
    // with different silences before it, and what these alone change for the bare engine is no fault of the line.
    it.each(others)('in $file, with no more wrong words than by the bare engine', async (each) => {
      const compared: Compared[] = [];
      for (const leadMs of LEADS_MS) compared.push(await compare(each, leadMs));
      const bare = compared.map((of) => of.bare);
      expect(sumOf(compared, 'line')).toBeLessThanOrEqual(allowed(compared) + Math.max(...bare) - Math.min(...bare));
    }, 240_000);

    it('and nothing is written for a room in which nobody speaks', async () => {
      expect((await play(await soundOf(clip('empty')))).text).toBe('');
    }, 60_000);
  });

  describe('are understood through a microphone whose gain is wrong', () => {
    it.each([
      ['far too quiet', -36],
      ['so loud that it clips', 24],
    ])(
      '%s, at %i dB: one more word missing than by the bare engine at most, and three more wrong',
      async (_, decibels) => {
        const parts: Int16Array[] = [];
        for (const each of english) parts.push(amplified(await soundOf(each), decibels));
        const spoken = joinPcm(parts.flatMap((pcm) => [pcm, silence(1_000)]));
        // Finals are what counts here, and interims most of the work.
        const { text } = await play(spoken, LEADS_MS[0], { interimIntervalMs: 0 });
        let bare = '';
        for (const pcm of parts) bare += ` ${await rig.bareText(pcm)}`;
        expect(comparableWords(text).length).toBeGreaterThanOrEqual(comparableWords(bare).length - 1);
        // The engine reads a sentence otherwise when it hears it in parts, as people pause.
        const said = english.map((each) => each.text).join(' ');
        const { errors } = wordErrors({ said, heard: bare });
        expect(wordErrors({ said, heard: text }).errors).toBeLessThanOrEqual(errors + 3);
      },
      300_000,
    );
  });

  // What is known to go wrong: each `it.fails` has to become an `it` once it goes right. What must hold anyhow is tested before it.
  describe('are not understood yet', () => {
    let switched = { text: '', languages: [] as string[] };

    it('although everything is heard: a voice that goes from English to German', async () => {
      const [first, second] = [clip('en-quilter'), clip('de-portal')];
      switched = await play(joinPcm([await soundOf(first), silence(1_500), await soundOf(second)]));
      expect(switched.languages[0]).toBe('en');
      expect(switched.text).toMatch(/gospel/);
    }, 300_000);

    it.fails('German after English is written in German', () => {
      expect(switched.languages.at(-1)).toBe('de');
    });
  });
});

function sumOf(compared: readonly Compared[], key: keyof Compared): number {
  return compared.reduce((sum, each) => sum + each[key], 0);
}

/** What the bare engine has wrong, and a point. */
function allowed(compared: readonly Compared[]): number {
  return sumOf(compared, 'bare') + sumOf(compared, 'words') / 100;
}
