import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_RECOGNITION_SETTINGS } from '@parley/media/asr';
import { comparableWords, FakeRecognizer, wavFile } from '@parley/media/testing';
import { StandingClock } from '@parley/media/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAudio } from '../speech/readAudio.js';
import { pieceEnd, throughBareEngine } from './bareEngine.js';
import { countErrors, werOf } from './countErrors.js';
import { readDataset } from './dataset.js';
import { byLanguageOf, figuresOf, type Result, tableOf } from './index.js';
import { countPunctuation, punctuationScore } from './punctuation.js';
import { lostPackets } from './throughPipeline.js';

const CLIPS = new URL('../../../test/fixtures/people/clips/', import.meta.url);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-wer-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a folder of recordings', () => {
  it('is read in the layout of LibriSpeech and as pairs of files, in one order', async () => {
    await mkdir(join(folder, '84', '121'), { recursive: true });
    await writeFile(join(folder, '84', '121', '84-121.trans.txt'), '84-121-0001 SECOND LINE\n84-121-0000 FIRST LINE\n');
    await writeFile(join(folder, '84', '121', '84-121-0000.flac'), '');
    await writeFile(join(folder, '84', '121', '84-121-0001.flac'), '');
    await writeFile(join(folder, 'a.WAV'), '');
    await writeFile(join(folder, 'a.txt'), ' Good morning.\n');
    const { items, unmatched } = await readDataset(folder);
    expect(items.map(({ name, text }) => [name, text])).toEqual([
      ['84/121/84-121-0000', 'FIRST LINE'],
      ['84/121/84-121-0001', 'SECOND LINE'],
      ['a', 'Good morning.'],
    ]);
    expect(items[2]?.audioFile).toBe(join(folder, 'a.WAV'));
    expect(unmatched).toEqual([]);
  });

  it('names recordings without a transcript, and lines without a recording', async () => {
    await writeFile(join(folder, 'alone.wav'), '');
    await writeFile(join(folder, 'x.trans.txt'), 'x-1 SOMETHING\n');
    await writeFile(join(folder, 'README.txt'), 'no transcript');
    expect(await readDataset(folder)).toEqual({ items: [], unmatched: ['x-1', 'alone'] });
  });

  it('has the languages of a list of recordings, where there is one', async () => {
    const { items, unmatched } = await readDataset(fileURLToPath(CLIPS));
    expect(unmatched).toEqual([]);
    expect(items).toHaveLength(12);
    expect(items[0]).toMatchObject({
      name: 'en-quilter',
      language: 'en',
      text: expect.stringMatching(/^Mr\. Quilter/),
    });
    expect(items.map(({ language }) => language).filter((language) => language !== 'en')).toEqual([
      'de',
      'es',
      'fr',
      'pt',
      '',
    ]);
    const { understood, others } = byLanguageOf({ items, multilingual: false });
    expect(understood.map(({ name }) => name)).toHaveLength(8);
    expect(others.map(({ name }) => name)).toEqual(['de-portal', 'es-arenas', 'fr-consulat', 'pt-raposa']);
    expect(byLanguageOf({ items, multilingual: true }).others).toEqual([]);
  });

  it.each([
    ['of nothing', '[]', /clips\.json is no list of recordings/],
    ['that is no JSON', '[', /clips\.json is no list of recordings/],
    ['that reaches outside of its folder', '[{"file":"../a.wav","language":"en","text":""}]', /at 0\.file/],
    ['with a language that is none', '[{"file":"a.wav","language":"English","text":""}]', /at 0\.language/],
    ['with a recording that is missing', '[{"file":"a.wav","language":"en","text":""}]', /names a\.wav, which cannot/],
  ])('refuses a list %s', async (_, list, message) => {
    await writeFile(join(folder, 'clips.json'), list);
    await expect(readDataset(folder)).rejects.toThrow(message);
  });

  it('is reported as missing in a sentence', async () => {
    await expect(readDataset(join(folder, 'nowhere'))).rejects.toThrow(/cannot be read: ENOENT/);
  });
});

describe('the sound of a recording', () => {
  it('is read without any program where it is WAV or FLAC, and asks for ffmpeg otherwise', async () => {
    const path = process.env.PATH;
    process.env.PATH = '';
    try {
      const values = [0, 0.5, -0.5, 0.25];
      await writeFile(join(folder, 'a.wav'), wavFile({ values, encoding: 'pcm', bits: 16 }));
      await writeFile(join(folder, 'a.mp3'), 'ID3');
      expect([...(await readAudio(join(folder, 'a.wav')))]).toEqual([0, 16_384, -16_384, 8_192]);
      expect(await readAudio(fileURLToPath(new URL('en-jfk.flac', CLIPS)))).toHaveLength(176_000);
      await expect(readAudio(join(folder, 'a.mp3'))).rejects.toThrow(/needs ffmpeg, which is not installed/);
    } finally {
      process.env.PATH = path;
    }
  });

  it('that is damaged is reported, with the name of the file', async () => {
    const whole = await readFile(new URL('en-jfk.flac', CLIPS));
    await writeFile(join(folder, 'half.flac'), whole.subarray(0, whole.length / 2));
    await expect(readAudio(join(folder, 'half.flac'))).rejects.toThrow(/half\.flac: The FLAC file is damaged/);
  });
});

describe('word errors', () => {
  const count = (reference: string, heard: string) => countErrors(comparableWords(reference), comparableWords(heard));

  it('are substitutions, insertions and deletions', () => {
    expect(count('a b c d e f g h i', 'a x c d e g h i j')).toEqual({
      words: 9,
      substitutions: 1,
      insertions: 1,
      deletions: 1,
    });
    expect(count('one two', '')).toMatchObject({ deletions: 2 });
    expect(count('', 'one two')).toMatchObject({ words: 0, insertions: 2 });
  });

  it('do not count case, punctuation, apostrophes and hyphens', () => {
    const errors = count("DON'T CO OPERATE", 'Don’t co-operate.');
    expect(werOf(errors)).toBe(0);
    expect(errors.words).toBe(3);
  });

  it('of nothing are none, of something in silence all', () => {
    expect(werOf(count('', ''))).toBe(0);
    expect(werOf(count('', 'hello'))).toBe(1);
  });
});

describe('the sums', () => {
  const result = (file: string, language: string | undefined, errors: number): Result => ({
    file,
    ...(language === undefined ? {} : { language }),
    way: 'pipeline',
    errors: { words: language === '' ? 0 : 10, substitutions: 0, insertions: errors, deletions: 0 },
    punctuation: { written: 0, expected: 0, right: 0 },
    audioMs: 1_000,
    wallMs: 100,
    engineMs: 50,
    gaps: 0,
    heard: '',
  });

  it('are of each language that is known, and of all', () => {
    const results = [result('a', 'en', 0), result('b', 'en', 1), result('c', 'de', 4), result('d', '', 1)];
    const { languages, sum } = figuresOf(results);
    expect(languages.map(({ language, files, wer }) => ({ language, files, wer }))).toEqual([
      { language: 'en', files: 2, wer: 0.05 },
      { language: 'de', files: 1, wer: 0.4 },
      // With an empty reference, everything written is wrong.
      { language: '', files: 1, wer: 1 },
    ]);
    expect(sum.map(({ files, wer }) => ({ files, wer }))).toEqual([{ files: 4, wer: 0.2 }]);
    expect(tableOf(results).rows.map(([name]) => name)).toEqual(['a', 'b', 'c', 'd', 'en', 'de', 'no speech', 'all']);
  });

  it('are of all alone where no languages are known', () => {
    const results = [result('a', undefined, 0)];
    expect(figuresOf(results).languages).toEqual([]);
    expect(tableOf(results).rows.map(([name]) => name)).toEqual(['a', 'all']);
  });
});

describe('punctuation', () => {
  it('counts at words that both texts have, by its kind', () => {
    const counts = countPunctuation('Well, go on. Why not? Because.', 'Well go on! Why, not. Cause.');
    expect(counts).toEqual({ expected: 3, written: 3, right: 2 });
    expect(punctuationScore([counts])).toEqual({ precision: 0.6667, recall: 0.6667 });
  });

  it('has no score where there is none', () => {
    expect(punctuationScore([countPunctuation('no marks', 'no marks')])).toEqual({ precision: null, recall: null });
  });
});

describe('a network that loses packets', () => {
  it('loses the asked share, the same at every run', () => {
    const lost = lostPackets(20_000, { lossPercent: 5, seed: 3 });
    expect(lost.size / 20_000).toBeCloseTo(0.05, 2);
    expect(lostPackets(20_000, { lossPercent: 5, seed: 3 })).toEqual(lost);
    expect(lostPackets(20_000, { lossPercent: 5, seed: 4 })).not.toEqual(lost);
    expect(lostPackets(1_000, { lossPercent: 0, seed: 3 }).size).toBe(0);
  });
});

describe('the bare engine', () => {
  it('gets a long recording in pieces, cut where it is quiet, every sample once', async () => {
    const pcm = new Int16Array(16_000 * 25).fill(1_000);
    pcm.fill(0, 16_000 * 7, 16_000 * 7 + 320);
    expect(pieceEnd({ pcm, from: 0, longestSamples: 160_000 })).toBe(16_000 * 7 + 160);
    const recognizer = new FakeRecognizer({ script: { text: 'piece' } });
    const { text } = await throughBareEngine({
      pcm,
      recognizer,
      settings: { language: 'en', task: 'transcribe', beamSize: 1, temperatureFallback: true },
      longestWindowMs: 10_000,
    });
    const lengths = recognizer.requests.map((request) => request.pcm.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(160_000);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(pcm.length);
    expect(text.split(' ')).toHaveLength(lengths.length);
  });
});

describe('time that stands still while the recogniser works', () => {
  it('goes on after the last answer, follow-up questions included', async () => {
    const clock = new StandingClock(new FakeRecognizer({ script: { text: 'yes', delayMs: 5 } }));
    const answeredAtMs: number[] = [];
    const ask = () => clock.recognize(REQUEST).then(() => answeredAtMs.push(clock.now()));
    const both = ask().then(ask);
    await clock.advance(20);
    await both;
    expect(answeredAtMs).toEqual([0, 0]);
    expect(clock.now()).toBe(20);
    expect(clock.engineMs).toBe(10);
  });
});

const REQUEST = {
  kind: 'final' as const,
  meetingId: 'room',
  trackId: 'speaker',
  pcm: new Int16Array(320),
  settings: DEFAULT_RECOGNITION_SETTINGS,
  deadlineMs: 0,
};
