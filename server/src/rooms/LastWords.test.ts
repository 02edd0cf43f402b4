import { ManualTime } from '@parley/media/testing';
import { expect, test } from 'vitest';
import { LastWords } from './LastWords.js';

function setUp() {
  const time = new ManualTime();
  const done: string[] = [];
  return { time, done, words: new LastWords({ time }) };
}

test('does a thing when what was in flight has arrived', () => {
  const { time, done, words } = setUp();
  words.after('a', () => done.push('a'));
  time.advance(249);
  expect(done).toEqual([]);
  time.advance(1);
  expect(done).toEqual(['a']);
});

test('is not put off by being asked again and again', () => {
  const { time, done, words } = setUp();
  words.after('a', () => done.push('first'));
  time.advance(200);
  words.after('a', () => done.push('second'));
  time.advance(50);
  expect(done).toEqual(['first']);
  time.advance(1_000);
  expect(done).toEqual(['first']);
});

test('leaves undone what was taken back', () => {
  const { time, done, words } = setUp();
  words.after('a', () => done.push('a'));
  words.after('b', () => done.push('b'));
  words.cancel('a');
  time.advance(1_000);
  expect(done).toEqual(['b']);
});

test('does at the end what still waits, once', async () => {
  const { time, done, words } = setUp();
  const arrived = words.arrived();
  time.advance(100);
  words.after('a', () => done.push('a'));
  time.advance(150);
  expect(words.waiting).toBe(true);
  await arrived;
  expect(words.waiting).toBe(false);
  expect(done).toEqual(['a']);
  time.advance(1_000);
  expect(done).toEqual(['a']);
  expect(time.pendingTimers).toBe(0);
});

test.each([
  ['is done', () => Promise.resolve()],
  ['fails', () => Promise.reject(new Error('gone'))],
])('waits until work %s, and keeps no timer', async (_, work) => {
  const { time, words } = setUp();
  await words.within(work(), 2_000);
  expect(time.pendingTimers).toBe(0);
});

test('waits no longer than it may', async () => {
  const { time, words } = setUp();
  let over = false;
  const waited = words.within(new Promise(() => {}), 2_000).then(() => {
    over = true;
  });
  time.advance(1_999);
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  time.advance(1);
  await waited;
  expect(time.pendingTimers).toBe(0);
});
