import { readFileSync } from 'node:fs';
import { plainWord, splitWords } from '@parley/media/asr';
import { align, comparableWords, countSeams, joinPcm, type NoiseKind, noise } from '@parley/media/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadJson, loadPcm } from '../support/loadPcm.js';
import { engineThere, expectBalanced, finalsOf, SpeechRig, type Told, textOf } from './support/SpeechRig.js';

const MS = 16;

interface Utterance {
  speaker: string;
  text: string;
  /** Start and end of each word, in milliseconds on the track. */
  words: [number, number][];
}

const { utterances } = loadJson<{ utterances: Utterance[] }>('meeting');
const tracks = new Map(['sarah', 'robert', 'grace'].map((name) => [name, loadPcm(`meeting-${name}`)]));

/** The audio of one utterance of the meeting, from its first word to its last one. */
function said(index: number, around = { beforeMs: 60, afterMs: 40 }): Int16Array {
  const { speaker, words } = utterances[index] as Utterance;
  const from = ((words[0]?.[0] ?? 0) - around.beforeMs) * MS;
  const to = ((words.at(-1)?.[1] ?? 0) + around.afterMs) * MS;
  return (tracks.get(speaker) as Int16Array).slice(from, to);
}

function silence(ms: number): Int16Array {
  return new Int16Array(ms * MS);
}

const plain = (text: string) =>
  splitWords(text)
    .map(plainWord)
    .filter((word) => word !== '');

/** How the words of a text are written that were understood: each with its case and its marks. */
function spelling(spoken: string, heard: string): { spoken: string; heard: string }[] {
  const [from, to] = [splitWords(spoken), splitWords(heard)];
  const { matches } = align(from.map(plainWord), to.map(plainWord));
  return matches.flatMap((match, index) =>
    match === undefined ? [] : [{ spoken: from[index] as string, heard: to[match] as string }],
  );
}

function single(name: string): Int16Array {
  const bytes = readFileSync(new URL(`../fixtures/speech/${name}.s16le`, import.meta.url));
  return new Int16Array(new Uint8Array(bytes).buffer);
}

describe.skipIf(!engineThere)('captions, from samples to text', () => {
  let rig: SpeechRig;
  const play = async (pcm: Int16Array, overrides = {}) => {
    const [told] = await rig.play([{ name: 'p_1', pcm, overrides }]);
    expectBalanced(told as Told);
    return told as Told;
  };

  beforeAll(async () => {
    rig = await SpeechRig.create();
  }, 60_000);
  afterAll(() => rig?.close());

  it.each<NoiseKind>([
    'silence',
    'white',
    'pink',
    'clicks',
    'hum',
    'tones',
    'chords',
  ])('writes not one word for a minute of %s, loud or quiet', async (kind) => {
    for (const levelDb of [-20, -45]) {
      const told = await play(noise({ kind, seconds: 60, levelDb }));
      expect(told.events.filter(({ type }) => type === 'final' || type === 'interimUpdated' || type === 'gap')).toEqual(
        [],
      );
      expect(told.pipeline.ledger.transcribedMs).toBe(0);
    }
  }, 120_000);

  it('has the first word after a minute of silence', async () => {
    const told = await play(joinPcm([silence(60_000), said(3), silence(1_000)]));
    expect(textOf(told)).toBe('Yes, we can hear you very well.');
    const words = finalsOf(told)[0]?.hypothesis.words ?? [];
    expect(words[0]?.text).toBe('Yes,');
  }, 60_000);

  it('has the last word before a mute, and before a leave', async () => {
    const pcm = joinPcm([silence(500), said(1, { beforeMs: 60, afterMs: 0 })]);
    for (const atEnd of [(told: Told[]) => told[0]?.pipeline.setMuted(true), undefined]) {
      const [told] = await rig.play([{ name: 'p_1', pcm }], atEnd === undefined ? {} : { atEnd });
      expectBalanced(told as Told);
      expect(textOf(told as Told)).toBe('We have three topics on the agenda today.');
    }
  }, 60_000);

  it('keeps one id from the first interim to the final, and a settled prefix that only grows', async () => {
    const told = await play(joinPcm([silence(500), said(5), silence(1_000)]));
    const shown = told.events.filter((event) => event.type === 'interimUpdated');
    const [final] = finalsOf(told);
    expect(shown.length).toBeGreaterThan(5);
    let prefix = '';
    for (const { segment, hypothesis, stableLength } of shown) {
      expect(segment.id).toBe(final?.segment.id);
      expect(hypothesis.text.startsWith(prefix)).toBe(true);
      prefix = hypothesis.text.slice(0, stableLength);
    }
    expect(prefix.split(' ').length).toBeGreaterThan(5);
    expect(final?.committedCorrections).toBeLessThanOrEqual(1);
  }, 60_000);

  it('gives every word of a final its time, in order and inside the utterance', async () => {
    const told = await play(joinPcm([silence(500), said(0), silence(1_000)]));
    const [final] = finalsOf(told);
    const reference = utterances[0] as Utterance;
    const words = final?.hypothesis.words ?? [];
    expect(words.map(({ text }) => text).join(' ')).toBe(
      'Good morning everyone, and welcome to the weekly project review.',
    );
    const lengthMs = (final?.segment.endMs ?? 0) - (final?.segment.startMs ?? 0);
    let floor = 0;
    for (const [index, word] of words.entries()) {
      expect(word.startMs).toBeGreaterThanOrEqual(floor);
      expect(word.endMs).toBeGreaterThanOrEqual(word.startMs);
      expect(word.endMs).toBeLessThanOrEqual(lengthMs);
      floor = word.endMs;
      const trueStartMs = 500 + 60 + (reference.words[index]?.[0] ?? 0) - (reference.words[0]?.[0] ?? 0);
      expect(Math.abs((final?.segment.startMs ?? 0) + word.startMs - trueStartMs)).toBeLessThan(500);
    }
  }, 60_000);

  it.each([1, 2])('loses and doubles no word at the seams of a monologue of a minute (%i)', async (number) => {
    const reference = loadJson<{ words: { text: string; endMs: number }[] }>(`monologue-${number}`).words;
    const told = await play(loadPcm(`monologue-${number}`));
    const finals = finalsOf(told);
    const texts = finals.map(({ hypothesis }) => hypothesis.text);
    const spoken = reference.map(({ text }) => text);
    const seams = countSeams({ texts, spoken });
    expect(seams.seams).toBeGreaterThan(6);
    expect(seams.broken).toBe(0);
    const words = spoken.flatMap(comparableWords);
    expect(align(words, texts.flatMap(comparableWords)).edits / words.length).toBeLessThan(0.1);
    // Joined, the parts read as one text. The model puts a comma between sentences that it hears in one go; that is its own.
    const compared = spelling(spoken.join(' '), texts.join(' '));
    const ends = compared.filter((word) => /[.?!]$/u.test(word.spoken));
    expect(ends.length).toBeGreaterThan(15);
    expect(ends.filter((word) => /[.,?!]$/u.test(word.heard)).length / ends.length).toBeGreaterThan(0.9);
    expect(compared.filter((word) => !/[.?!]$/u.test(word.spoken) && /[.?!]$/u.test(word.heard))).toEqual([]);
    expect(texts.join(' ')).not.toMatch(/[.,?!]{2}/u);
    // The cuts of these two are between two sentences, but for one at most: a mark stands there, and a capital after a full stop.
    const parts = texts.slice(0, -1);
    expect(parts.filter((text) => !/[.,?!]$/u.test(text)).length).toBeLessThanOrEqual(1);
    for (const [index, text] of parts.entries()) {
      if (/[.?!]$/u.test(text)) expect(texts[index + 1]).toMatch(/^\p{Lu}/u);
    }
    // No sample between two parts is nobody's, none is in both.
    for (const [index, final] of finals.entries()) {
      const next = finals[index + 1];
      if (next !== undefined) expect(next.segment.startMs).toBeGreaterThanOrEqual(final.segment.endMs - 0.01);
    }
    expect(told.pipeline.ledger.nonSpeechMs).toBeLessThan(3_000);
  }, 180_000);

  it('writes only what follows the wake phrase', async () => {
    const grace = 16;
    expect(utterances[grace]?.text).toMatch(/^Hey computer/);
    const pcm = joinPcm([
      silence(500),
      said(13),
      silence(1_500),
      said(grace),
      silence(1_500),
      said(17),
      silence(1_000),
    ]);
    const told = await play(pcm, { wakePhrases: ['hey computer'] });
    expect(textOf(told)).toBe('Take a note about the contract.');
    const activities = told.events.flatMap((event) => (event.type === 'trackActivity' ? [event.activity.type] : []));
    expect(activities).toContain('wakePhraseDetected');
    expect(
      told.events
        .filter((event) => event.type === 'interimUpdated')
        .every(({ hypothesis }) => !/hey/i.test(hypothesis.text)),
    ).toBe(true);
    expect(told.pipeline.ledger.shedMs.asleep).toBeGreaterThan(3_000);
  }, 60_000);

  it('finds the language in the first seconds and keeps it', async () => {
    const told = await play(joinPcm([silence(500), single('de-12'), silence(1_500), single('de-12'), silence(1_000)]));
    expect(finalsOf(told).every(({ hypothesis }) => hypothesis.language === 'de')).toBe(true);
    const settled = told.events.find(
      (event) => event.type === 'trackActivity' && event.activity.type === 'languageDetected',
    );
    expect(settled).toMatchObject({ activity: { language: 'de' } });
  }, 60_000);

  it('switches the language with each utterance when asked so', async () => {
    const pcm = joinPcm([
      silence(500),
      single('de-12'),
      silence(1_500),
      single('fr-13'),
      silence(1_500),
      single('es-11'),
      silence(1_000),
    ]);
    const told = await play(pcm, { language: 'per-segment' });
    const languages = [...new Set(finalsOf(told).map(({ hypothesis }) => hypothesis.language))];
    expect(languages).toEqual(['de', 'fr', 'es']);
  }, 60_000);

  it('hears no worse with hot words', async () => {
    const pcm = joinPcm([silence(500), said(0), silence(1_000), said(12), silence(1_000)]);
    const without = await play(pcm);
    const told = await play(pcm, {
      hotWords: ['Berlin', 'Keycloak', 'mediasoup', 'Sarah'],
      prompt: 'A weekly review.',
    });
    expect(plain(textOf(told))).toEqual(plain(textOf(without)));
  }, 60_000);
});
