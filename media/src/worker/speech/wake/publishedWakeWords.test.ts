import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WakeWordStore } from '../../../node/models/WakeWordStore.js';
import { PUBLISHED_WAKE_WORDS } from '../../../settings/wakeWordCatalogue.js';
import { decodePcm } from '../../../testing/decodePcm.js';
import { noise } from '../../../testing/noises.js';
import { leaveOut, MODELS_DIRECTORY } from '../../../testing/publishedModels.js';
import { readSound } from '../../recordings/sound/readSound.js';
import { OpenWakeWordDetector } from './OpenWakeWordDetector.js';

interface Clip {
  /** Name of the spoken wake word. */
  word: string;
  file: string;
  /** Result of openWakeWord's own implementation; see the folder's README. */
  reference: { score: number; found: boolean };
}

const FIXTURES = new URL('../../../../../test/fixtures/', import.meta.url);
const CLIPS: Clip[] = JSON.parse(readFileSync(new URL('wake/clips.json', FIXTURES), 'utf8'));
const PEOPLE: { file: string }[] = JSON.parse(readFileSync(new URL('people/clips/clips.json', FIXTURES), 'utf8'));
const SENSITIVITY = 0.6;
const HOP_SAMPLES = 1_280;
/** Silence around a clip, as in the reference. */
const PADDING_SAMPLES = 32_000;

const store = new WakeWordStore({ directory: join(MODELS_DIRECTORY, 'wake') });
const absent = (await store.list()).filter(({ present }) => !present).map(({ name }) => name);
const missing =
  absent.length === 0
    ? undefined
    : `${absent.join(', ')}: not in ${MODELS_DIRECTORY} (npm run parley -- models pull wake-words)`;

describe.skipIf(leaveOut({ what: 'published wake words are not tested', missing }))('published wake words', () => {
  let detector: OpenWakeWordDetector;

  beforeAll(async () => {
    detector = await OpenWakeWordDetector.create(await store.resolve(PUBLISHED_WAKE_WORDS.map(({ name }) => name)));
  });
  afterAll(() => detector?.close());

  /** Detected phrases of all models, in order. */
  async function heardIn(pcm: Int16Array): Promise<string[]> {
    const phrases: string[] = [];
    const stream = detector.open({ sensitivity: SENSITIVITY, onDetection: ({ phrase }) => phrases.push(phrase) });
    const padded = new Int16Array(pcm.length + 2 * PADDING_SAMPLES);
    padded.set(pcm, PADDING_SAMPLES);
    for (let at = 0; at < padded.length; at += HOP_SAMPLES) {
      stream.push(padded.subarray(at, at + HOP_SAMPLES));
      await stream.drain();
    }
    stream.close();
    return phrases;
  }

  it('are called by what is said', () => {
    expect(detector.phrases).toEqual(['alexa', 'hey jarvis', 'hey marvin', 'hey mycroft']);
  });

  it.each(
    PUBLISHED_WAKE_WORDS.filter(({ name }) => CLIPS.some(({ word }) => word === name)),
  )('has "$phrase" heard once in a clip, in at most one clip fewer than by the reference, and nothing else', async ({
    name,
    phrase,
  }) => {
    const clips = CLIPS.filter(({ word }) => word === name);
    expect(clips).toHaveLength(8);
    const heard = await inTurn(clips, ({ file }) =>
      heardIn(decodePcm(readFileSync(new URL(`wake/${file}`, FIXTURES)))),
    );
    for (const [index, phrases] of heard.entries()) expect([[], [phrase]], clips[index]?.file).toContainEqual(phrases);
    const found = heard.filter((phrases) => phrases.length > 0).length;
    expect(found).toBeGreaterThanOrEqual(clips.filter(({ reference }) => reference.found).length - 1);
  });

  it('are not heard where people say something else', async () => {
    expect(PEOPLE.length).toBeGreaterThan(10);
    for (const { file } of PEOPLE) {
      expect(await heardIn(await readSound(new URL(`people/clips/${file}`, FIXTURES))), file).toEqual([]);
    }
  });

  it('are not heard in silence and noise', async () => {
    for (const kind of ['silence', 'white', 'pink', 'clicks', 'hum', 'chords'] as const) {
      expect(await heardIn(noise({ kind, seconds: 10, levelDb: -20 })), kind).toEqual([]);
    }
  });
});

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
