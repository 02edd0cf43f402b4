import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLOSE_TIMES } from './closeTimes.js';
import { DEFAULT_SUPERVISION_LIMITS } from './SupervisedProcess.js';

const { inFlightMs, finalMs, drainRoomMs, lastTextMs, shutdownDrainMs, socketMs, childMs, lastGapsMs, shutdownMs } =
  CLOSE_TIMES;

test('a room that closes waits longer than the last final may take', () => {
  expect(drainRoomMs).toBeGreaterThan(finalMs);
});

test('a shutdown gives rooms the time in which their last words are told', () => {
  expect(shutdownDrainMs).toBeGreaterThan(inFlightMs + lastTextMs);
});

test('the server process waits longer than all that it ends, one after the other', () => {
  const [mediaWorkersMs, asrProcessMs] = [childMs, childMs];
  expect(shutdownMs).toBeGreaterThan(shutdownDrainMs + socketMs + mediaWorkersMs + asrProcessMs + lastGapsMs);
});

test('a child that is asked to end has more time than one that has lost its parent, and supervision keeps to it', () => {
  expect(childMs).toBeGreaterThan(CLOSE_TIMES.orphanMs);
  expect(DEFAULT_SUPERVISION_LIMITS.closeTimeoutMs).toBe(childMs);
});

test('the page about lifetimes has all of them, as they are', () => {
  const page = readFileSync(new URL('../../../docs/lifetimes.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+Ms)` \| (\d+) \|/gm)].map(([, name, ms]) => [name, Number(ms)]);
  expect(Object.fromEntries(listed)).toEqual(CLOSE_TIMES);
});
