import { describe, expect, test } from 'vitest';
import {
  clockText,
  coverageOf,
  engineText,
  initialsOf,
  invitationOf,
  invitationUrl,
  listOf,
  percentOf,
  percentText,
  settledText,
  voiceOf,
} from './text.js';

describe('texts of the page', () => {
  test('say what is behind the captions', () => {
    const model = { name: 'base-q8_0', demo: false };
    const engine = { name: 'whisper.cpp', device: 'cpu' as const, deviceName: 'CPU' };
    expect(engineText({ model, engine }, 'none')).toBe('base-q8_0 · CPU');
    expect(engineText({ model, engine: { ...engine, encoder: 'onnx' } }, 'none')).toBe('base-q8_0 · CPU · ONNX');
    expect(engineText({ model, engine: { ...engine, device: 'none' } }, 'none')).toBe('base-q8_0 · none');
  });

  test('write times as people do', () => {
    expect([0, 7_400, 723_000, 3_723_000, -5].map(clockText)).toEqual(['0:00', '0:07', '12:03', '1:02:03', '0:00']);
  });

  test('write shares as the language of the reader does, and none as certain that is not', () => {
    expect(['en', 'de', 'ar-EG'].map((language) => percentText(0.97, language).replace(/\s/gu, ' '))).toEqual([
      '97%',
      '97 %',
      '٩٧٪\u061c',
    ]);
    expect(percentText(0.999, 'en')).toBe('99%');
    expect(percentText(1, 'en')).toBe('100%');
  });

  test('give each of eight participants a colour of their own, and keep it', () => {
    const ids = Array.from({ length: 8 }, (_, index) => `p_${index}`);
    const first = ids.map(voiceOf);
    expect(new Set(first).size).toBe(8);
    expect(ids.map(voiceOf)).toEqual(first);
    expect(voiceOf('p_9')).toBe(first[0]);
  });

  test('put two letters of a name on a tile, in any script, and none of what is no letter', () => {
    expect(
      ['Ada', 'ada lovelace', 'Ada M. Lovelace', 'Łukasz Żak', '<img src=x>', '🦊', 'سارة علي'].map(initialsOf),
    ).toEqual(['A', 'AL', 'AL', 'ŁŻ', 'IS', '', 'سع']);
  });

  test('read an invitation from the address, and write one that reads the same', () => {
    const none = { room: '', joinSecret: '', roomSecret: '', moderatorKey: '' };
    const daily = { ...none, room: 'daily' };
    expect(invitationOf({ search: '?room=daily', hash: '#secret=abc' })).toEqual({ ...daily, joinSecret: 'abc' });
    expect(invitationOf({ search: '', hash: '' })).toEqual(none);
    const invitation = { ...daily, joinSecret: 'a secret & more', roomSecret: 'of=the#room', moderatorKey: 'k_-1' };
    const url = new URL(invitationUrl({ base: 'https://meet.example/', ...invitation }));
    expect(invitationOf(url)).toEqual(invitation);
    expect(invitationUrl({ base: 'https://meet.example/parley/', room: 'daily', joinSecret: '' })).toBe(
      'https://meet.example/parley/?room=daily',
    );
  });

  test('tell the settled part of an interim from the part that may change', () => {
    const interim = { status: 'interim' as const, text: 'Good morning every' };
    expect(settledText({ ...interim, stableLength: 12 })).toEqual({ settled: 'Good morning', open: ' every' });
    expect(settledText(interim)).toEqual({ settled: '', open: 'Good morning every' });
    expect(settledText({ status: 'final', text: 'Good morning.' })).toEqual({ settled: 'Good morning.', open: '' });
  });

  test('say how much of the speech was written down, and never 100 % of less than all', () => {
    const ledgerOf = (transcribedMs: number, shedMs: Record<string, number>) => ({
      ledger: {
        totalMs: 0,
        mutedMs: 0,
        dtxMs: 0,
        concealedMs: 0,
        nonSpeechMs: 0,
        crosstalkMs: 0,
        pendingMs: 0,
        transcribedMs,
        shedMs,
      },
    });
    expect(coverageOf([])).toBeUndefined();
    expect(coverageOf([ledgerOf(1_000, { asleep: 500 })])).toBe(1);
    expect(coverageOf([ledgerOf(1_000, {}), ledgerOf(0, { overloaded: 1_000 })])).toBe(0.5);
    expect([1, 0.99999, 0.5, 0].map(percentOf)).toEqual([100, 99.9, 50, 0]);
  });

  test('read lists that people write', () => {
    expect(listOf(' Zürich, mediasoup,,\nZürich ، عمان')).toEqual(['Zürich', 'mediasoup', 'عمان']);
  });
});
