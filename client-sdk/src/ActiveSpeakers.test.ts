import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ActiveSpeakers } from './ActiveSpeakers.js';

const HOLD_MS = 1_000;
let speakers: ActiveSpeakers;
let told: string[];
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  speakers = new ActiveSpeakers({ holdMs: HOLD_MS, onChange: (ids) => told.push(ids.join(' ') || 'nobody') });
});
afterEach(() => vi.useRealTimers());

test('has those who speak, who began last first', () => {
  speakers.started('ada');
  speakers.started('ben');
  speakers.started('ada');
  speakers.ended('ben');
  expect(told).toEqual(['ada', 'ben ada', 'ada ben', 'ada']);
  expect(speakers.participantIds).toEqual(['ada']);
});

test('keeps the last one for a while', () => {
  speakers.started('ada');
  speakers.ended('ada');
  vi.advanceTimersByTime(HOLD_MS - 1);
  expect(told).toEqual(['ada']);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['ada', 'nobody']);
});

test('lets the last one go when somebody else begins, and keeps whoever goes on', () => {
  speakers.started('ada');
  speakers.ended('ada');
  speakers.started('ben');
  expect(told).toEqual(['ada', 'ben']);
  speakers.ended('ben');
  vi.advanceTimersByTime(HOLD_MS / 2);
  speakers.started('ben');
  vi.advanceTimersByTime(10 * HOLD_MS);
  expect(told).toEqual(['ada', 'ben']);
});

test('does not keep who has left', () => {
  speakers.started('ada');
  speakers.ended('ada');
  speakers.left('ada');
  speakers.started('ben');
  speakers.left('ben');
  expect(told).toEqual(['ada', 'nobody', 'ben', 'nobody']);
  expect(vi.getTimerCount()).toBe(0);
});

test('takes the word of the server after a reconnect, in the order that is known', () => {
  speakers.started('ada');
  speakers.started('ben');
  speakers.replace(['cy', 'ada', 'ben']);
  expect(speakers.participantIds).toEqual(['ben', 'ada', 'cy']);
  speakers.clear();
  expect(speakers.participantIds).toEqual([]);
});

test('takes no notice of the end of a speech that it has not heard begin, and tells nothing twice', () => {
  speakers.ended('ada');
  speakers.replace([]);
  const before = speakers.participantIds;
  speakers.left('ada');
  expect([told, speakers.participantIds === before]).toEqual([[], true]);
});
