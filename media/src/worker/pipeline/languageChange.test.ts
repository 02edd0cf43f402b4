import { describe, expect, it } from 'vitest';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { Hypothesis, RecognitionRequest } from '../../asr/contract/recognition.js';
import { resolveSpeechSettings } from '../../settings/modes.js';
import type { SpeechOverrides } from '../../settings/speechSettings.js';
import { silentFrames, soundActivity, WrittenSpeechReader, writeSpeech } from '../../testing/WrittenSpeech.js';
import type { TrackEvent } from '../contract/messages.js';
import { TrackPipeline } from './TrackPipeline.js';
import { ONE_TRACK } from './testing/oneTrack.js';

const MS = 16;
const CHUNK = 320;

/** A word starts with its language. */
const words = (language: string, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${language}${String.fromCharCode(97 + from + index)}`);
const spoken = (language: string, from: number, count: number) => `${words(language, from, count).join(' ')}.`;

/** Its confidence: lower for a word or two than for a sentence. */
const surenessOf = (count: number) => Math.min(0.98, 0.4 + 0.15 * count);

/** A multilingual engine that obeys its request: it translates speech in any other language than the requested one. */
class Polyglot implements Recognizer {
  readonly requests: RecognitionRequest[] = [];
  readonly #reader: WrittenSpeechReader;

  constructor(read: readonly string[]) {
    this.#reader = new WrittenSpeechReader({ words: read });
  }

  async recognize(request: RecognitionRequest): Promise<Hypothesis> {
    this.requests.push(request);
    const hypothesis = await this.#reader.recognize(request);
    const { language, settled } = request.settings;
    const heard = hypothesis.words ?? [];
    const found = heard.at(-1)?.text.slice(0, 2) ?? 'en';
    const probability = surenessOf(heard.length);
    const keeps = settled !== undefined && settled.language !== found && probability < settled.switchProbability;
    const written = language !== 'auto' ? language : keeps ? settled.language : found;
    const translated = heard.map((word) => ({ ...word, text: `${written}${word.text.slice(2)}` }));
    return {
      ...hypothesis,
      text: translated.map(({ text }) => text).join(' '),
      words: translated,
      language: written,
      languageProbability: keeps ? 1 - probability : probability,
      ...(keeps ? { likelier: { language: found, probability } } : {}),
    };
  }
}

async function play(utterances: readonly string[], settings: SpeechOverrides = {}) {
  const speech = writeSpeech(utterances.join(' '), { wordMs: 400 });
  const recognizer = new Polyglot(speech.words);
  const events: TrackEvent[] = [];
  let nowMs = 0;
  const pipeline = new TrackPipeline({
    meetingId: 'room',
    track: ONE_TRACK,
    meetingStartedAtMs: 0,
    settings: resolveSpeechSettings('balanced', settings),
    longestWindowMs: 28_000,
    voiceActivity: soundActivity,
    recognizer,
    onEvent: (event) => events.push(event),
    now: () => nowMs,
  });
  const parts: Int16Array[] = [silentFrames(500)];
  let at = 0;
  for (const utterance of utterances) {
    const length = utterance.split(' ').length * 400 * MS;
    parts.push(speech.pcm.slice(at, at + length), silentFrames(2_000));
    at += length;
  }
  const whole = Int16Array.from(parts.flatMap((part) => [...part]));
  for (let from = 0; from < whole.length; from += CHUNK) {
    pipeline.pushPcm(whole.slice(from, from + CHUNK));
    nowMs += CHUNK / MS;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await pipeline.close();
  const finals = events.flatMap((event) => (event.type === 'final' ? [event] : []));
  const interims = events.flatMap((event) => (event.type === 'interimUpdated' ? [event] : []));
  const found = events.flatMap((event) =>
    event.type === 'trackActivity' && event.activity.type === 'languageDetected' ? [event.activity.language] : [],
  );
  return {
    finals,
    interims,
    found,
    requests: recognizer.requests,
    texts: finals.map(({ hypothesis }) => hypothesis.text),
  };
}

const bare = (text: string) => text.toLowerCase().replaceAll('.', '');

describe('a voice that changes its language', () => {
  const THERE_AND_BACK = [spoken('en', 0, 10), spoken('de', 10, 6), spoken('en', 16, 6)];

  it('is written down in the one that it speaks, from the first final on, and each change is told', async () => {
    const { texts, found } = await play(THERE_AND_BACK);
    expect(texts.map(bare)).toEqual(THERE_AND_BACK.map(bare));
    expect(found).toEqual(['en', 'de', 'en']);
  });

  it('shows no interim in the language before it while another one is the likelier', async () => {
    const { interims, finals } = await play(THERE_AND_BACK);
    const id = finals[1]?.segment.id;
    const shown = interims.filter(({ segment }) => segment.id === id).map(({ hypothesis }) => hypothesis.text);
    expect(bare(shown.at(-1) ?? '')).toBe('dek del dem den deo dep');
    for (const text of shown)
      expect(
        bare(text)
          .split(' ')
          .filter((word) => !word.startsWith('de')),
      ).toEqual([]);
  });

  it('is not taken to have changed it for a short answer', async () => {
    const { texts, found } = await play([spoken('en', 0, 10), spoken('de', 10, 1), spoken('en', 11, 5)]);
    expect(bare(texts.at(-1) ?? '')).toBe(bare(spoken('en', 11, 5)));
    expect(found).toEqual(['en']);
  });

  it('is asked for in one decoding for each request, and never for a language that is given', async () => {
    const { requests } = await play(THERE_AND_BACK, { language: 'en' });
    for (const { settings } of requests) {
      expect(settings.language).toBe('en');
      expect(settings.settled).toBeUndefined();
    }
  });

  it('is found anew in each utterance where that is asked for', async () => {
    const { texts, found, requests } = await play(THERE_AND_BACK, { language: 'per-segment' });
    expect(texts.map(bare)).toEqual(THERE_AND_BACK.map(bare));
    expect(found).toEqual([]);
    for (const { settings } of requests) expect(settings.settled).toBeUndefined();
  });

  it('is translated from the one that it speaks, into sentences that end as in English', async () => {
    const { finals } = await play([spoken('en', 0, 10), words('zh', 10, 6).join(' ')], { task: 'translate' });
    expect(finals.map(({ hypothesis }) => hypothesis.language)).toEqual(['en', 'zh']);
    expect(finals[1]?.hypothesis.text).toMatch(/\w\.$/);
  });

  it('is looked for among the languages of the room', async () => {
    const { requests } = await play(THERE_AND_BACK, { languages: ['de', 'en'] });
    for (const { settings } of requests) expect(settings).toMatchObject({ language: 'auto', languages: ['de', 'en'] });
  });
});
