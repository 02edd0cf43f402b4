import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wavFile } from '@parley/media/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMeeting } from './meetings.js';
import { pausesOf, withoutPauses } from './pauses.js';
import { playedWithin, type Speech, timedWords, utteranceOf } from './Speech.js';

const PUBLISHED = { name: 'base', demo: false };
const BUILT_IN = { name: 'parley-nano', demo: true };

describe('what is said in a benchmark', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-meeting-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is the meeting that the model understands, and with a warning any other', () => {
    const notes: string[] = [];
    const open = (model: typeof PUBLISHED, asked?: string) =>
      openMeeting({ asked, model, onNote: (sentence) => notes.push(sentence) }).name;
    expect([open(PUBLISHED), open(BUILT_IN), open(PUBLISHED, 'synthetic')]).toEqual([
      'people',
      'synthetic',
      'synthetic',
    ]);
    expect(notes).toEqual([]);
    expect(open(BUILT_IN, 'people')).toBe('people');
    expect(notes).toHaveLength(1);
  });

  it('has the times of utterances of people, and of words of synthetic voices', async () => {
    const people = await openMeeting({ model: PUBLISHED }).tracks();
    expect(people.map(({ utterances }) => utterances.length)).toEqual([2, 5, 1]);
    expect(people.flatMap(timedWords)).toEqual([]);
    expect(people[0]?.utterances[0]).toMatchObject({ startMs: 1_800, endMs: 6_640 });
    expect(new Set(people.map(({ pcm }) => pcm.length))).toEqual(new Set([851_519]));
    const synthetic = await openMeeting({ model: BUILT_IN }).tracks();
    for (const { utterances } of synthetic) {
      for (const { text, words = [] } of utterances) expect(words.map((word) => word.text).join(' ')).toBe(text);
    }
  });

  it("is a folder's own script, with the times of words where it tells them", async () => {
    const pcm = wavFile({ values: new Array(32_000).fill(0.1), encoding: 'pcm', bits: 16 });
    await writeFile(join(folder, 'ada.wav'), pcm);
    const segment = { speaker: 'Ada', start: 0.5, end: 1.5, text: 'Re-open it.' };
    const script = { duration: 2, speakers: [{ name: 'Ada', file: 'ada.wav' }] };
    const read = async (segments: unknown[]) => {
      await writeFile(join(folder, 'meeting.json'), JSON.stringify({ ...script, segments }));
      return await openMeeting({ asked: folder, model: PUBLISHED }).tracks();
    };
    const [untimed] = await read([segment]);
    expect(untimed?.pcm).toHaveLength(32_000);
    expect(untimed?.utterances).toEqual([{ text: 'Re-open it.', startMs: 500, endMs: 1_500 }]);
    const times = [
      [0.6, 0.8],
      [0.8, 1],
      [1.1, 1.4],
    ];
    const [timed] = await read([{ ...segment, words: times }]);
    expect(timed?.utterances).toEqual([
      {
        text: 'Re-open it.',
        startMs: 600,
        endMs: 1_400,
        words: [
          { text: 're', startMs: 600, endMs: 800 },
          { text: 'open', startMs: 800, endMs: 1_000 },
          { text: 'it', startMs: 1_100, endMs: 1_400 },
        ],
      },
    ]);
    const other = openMeeting({ asked: folder, model: PUBLISHED });
    expect(other.monologues).toBeUndefined();
    expect(other.pausedSentences).toBeUndefined();
  });
});

describe("people's monologues", () => {
  it('have every English recording once, in both orders, and no pause longer than 120 ms', async () => {
    const [one, other] = (await openMeeting({ model: PUBLISHED }).monologues?.()) ?? [];
    const texts = one?.utterances.map(({ text }) => text) ?? [];
    expect(texts).toHaveLength(7);
    expect(other?.utterances.map(({ text }) => text)).toEqual(texts.toReversed());
    for (const { pcm, utterances } of [one, other] as Speech[]) {
      expect(utterances.at(-1)?.endMs).toBe(pcm.length / 16);
      expect(pcm.length / 16_000).toBeGreaterThan(30);
      for (const [index, { startMs, endMs }] of utterances.entries()) {
        expect(startMs).toBe(utterances[index - 1]?.endMs ?? 0);
        const longest = Math.max(
          ...pausesOf(pcm.subarray(startMs * 16, endMs * 16)).map((span) => span.endMs - span.startMs),
        );
        expect(longest).toBeLessThanOrEqual(120);
      }
    }
  });
});

describe("people's sentences with a pause", () => {
  it('have one pause of 300 to 450 ms each, the same for the same seed', async () => {
    const { pausedSentences } = openMeeting({ model: PUBLISHED });
    const speeches = (await pausedSentences?.(1)) ?? [];
    expect(await pausedSentences?.(1)).toEqual(speeches);
    expect(speeches).toHaveLength(2);
    const all = speeches.flatMap(({ pcm, utterances }) =>
      utterances.map(({ startMs, endMs }) => pcm.subarray(startMs * 16, endMs * 16)),
    );
    expect(all.length).toBeGreaterThanOrEqual(5);
    for (const pcm of all) {
      const long = pausesOf(pcm)
        .map(({ startMs, endMs }) => endMs - startMs)
        .filter((ms) => ms > 150);
      expect(long).toHaveLength(1);
      expect(long[0]).toBeGreaterThanOrEqual(290);
      expect(long[0]).toBeLessThanOrEqual(470);
    }
  });
});

describe('a pause', () => {
  const tone = (ms: number) => Int16Array.from({ length: ms * 16 }, (_, index) => (index % 2 === 0 ? 8_000 : -8_000));
  const pcm = Int16Array.from([...new Int16Array(200 * 16), ...tone(300), ...new Int16Array(500 * 16), ...tone(100)]);

  it('is where nothing is said, at the beginning, too', () => {
    expect(pausesOf(pcm)).toEqual([
      { startMs: 0, endMs: 200 },
      { startMs: 500, endMs: 1_000 },
    ]);
    expect(pausesOf(new Int16Array(0))).toEqual([]);
  });

  it('loses its middle where it is too long', () => {
    const shorter = withoutPauses(pcm, { mostMs: 120 });
    expect(shorter.length / 16).toBe(120 + 300 + 120 + 100);
    expect(pausesOf(shorter).map(({ startMs, endMs }) => endMs - startMs)).toEqual([120, 120]);
    expect(withoutPauses(pcm, { mostMs: 500 })).toEqual(pcm);
  });
});

describe('the first seconds of a speech', () => {
  const pcm = new Int16Array(3_000 * 16).fill(1);
  const words = [
    { text: 'one', startMs: 1_000, endMs: 1_400 },
    { text: 'two', startMs: 1_500, endMs: 2_100 },
  ];

  it('keep the words that end before, where their times are known', () => {
    const played = playedWithin({ pcm, utterances: [utteranceOf(words)] }, 2_000);
    expect(played.utterances).toEqual([{ text: 'one', startMs: 1_000, endMs: 1_400, words: words.slice(0, 1) }]);
    expect(played.pcm).toBe(pcm);
  });

  it('are silent where an utterance would be cut whose words have no times', () => {
    const utterances = [
      { text: 'zero', startMs: 100, endMs: 900 },
      { text: 'one two', startMs: 1_000, endMs: 2_100 },
    ];
    const played = playedWithin({ pcm, utterances }, 2_000);
    expect(played.utterances.map(({ text }) => text)).toEqual(['zero']);
    expect(played.pcm.indexOf(0)).toBe(900 * 16);
    expect(playedWithin({ pcm, utterances }, 2_100)).toEqual({ pcm, utterances });
  });
});
