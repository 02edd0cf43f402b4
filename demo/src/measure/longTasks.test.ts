import { expect, it } from 'vitest';
import { longestTaskMs } from './longTasks.js';

const tasks = [
  { startMs: 100, durationMs: 60 },
  { startMs: 500, durationMs: 80 },
  { startMs: 900, durationMs: 200 },
];

it.each([
  ['the longest of several', 0, 2_000, 200],
  ['one that reaches into the stretch', 150, 200, 60],
  ['one that reaches out of it', 490, 510, 80],
  ['none before or after', 160, 500, 0],
])('a stretch of time has %s', (_what, fromMs, toMs, longest) => {
  expect(longestTaskMs({ tasks, fromMs, toMs })).toBe(longest);
});
