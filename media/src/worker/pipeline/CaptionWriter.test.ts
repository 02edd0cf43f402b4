import { describe, expect, it } from 'vitest';
import type { Hypothesis } from '../../asr/contract/recognition.js';
import type { TimedWord } from '../../asr/contract/text/words.js';
import { resolveSpeechSettings } from '../../settings/modes.js';
import type { SpeechOverrides } from '../../settings/speechSettings.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import type { TrackEvent } from '../contract/messages.js';
import type { StableText } from '../speech/stabilizer/index.js';
import { type Captioned, CaptionWriter } from './CaptionWriter.js';

/** Words of 200 ms each, one after the other. */
const timed = (text: string): TimedWord[] =>
  text.split(' ').map((word, at) => ({ text: word, startMs: at * 200, endMs: at * 200 + 180, probability: 0.9 }));

/** The first `settled` words of a text will not change. */
function stable(text: string, settled: number): StableText {
  const words = timed(text);
  const committed = words.slice(0, settled);
  return {
    text,
    stableLength: committed.map((word) => word.text).join(' ').length,
    committed,
    tail: words.slice(settled),
    newlyCommitted: committed,
    commitLatencyMs: 120,
    outlier: false,
  };
}

const utteranceOf = (id: string, more: Partial<Captioned> = {}): Captioned => ({
  id,
  startMs: 1_000,
  endMs: 5_000,
  continues: false,
  opening: undefined,
  corrections: () => 0,
  ...more,
});

function writerOf(
  options: { settings?: SpeechOverrides; textFrom?: () => number | undefined; covered?: boolean; alsoOn?: string } = {},
) {
  const { textFrom = () => 0, covered = false } = options;
  const settingsOf = (settings: SpeechOverrides = {}) =>
    resolveSpeechSettings('balanced', { language: 'en', ...settings });
  const events: TrackEvent[] = [];
  const wakeCalls: string[] = [];
  const writer = new CaptionWriter({
    settings: settingsOf(options.settings),
    wake: {
      textFrom,
      opened: (id) => wakeCalls.push(`opened ${id}`),
      heard: ({ words, segmentId, atMs }) => wakeCalls.push(`heard ${words.length} of ${segmentId} at ${atMs}`),
      finalDone: (atMs) => wakeCalls.push(`final at ${atMs}`),
    },
    crosstalk: { covers: () => covered, alsoOn: () => options.alsoOn },
    onEvent: (event) => events.push(event),
  });
  const of = <T extends TrackEvent['type']>(type: T) =>
    events.filter((event): event is Extract<TrackEvent, { type: T }> => event.type === type);
  return {
    writer,
    events,
    wakeCalls,
    of,
    update: (settings: SpeechOverrides) => writer.update(settingsOf(settings)),
    /** Shows an interim of which the first `settled` words will not change. */
    show: (utterance: Captioned, text: string, settled = 0) =>
      writer.show({ utterance, text: stable(text, settled), hypothesis: hypothesisOf(text) }),
    write: (utterance: Captioned, said: string | Hypothesis, cause: 'silence' | 'forced' = 'silence') => {
      const hypothesis = typeof said === 'string' ? hypothesisOf(said) : said;
      writer.write({ utterance, hypothesis, cause });
    },
    finals: () => of('final').map(({ hypothesis }) => hypothesis.text),
    shown: () => of('interimUpdated').map(({ hypothesis }) => hypothesis.text),
  };
}

describe('the captions of a speaker', () => {
  it('keep one id from the opening to the final, and each version has a higher revision', () => {
    const { writer, show, write, of } = writerOf();
    const utterance = utteranceOf('u');
    writer.open(utterance);
    show(utterance, 'one two', 1);
    show(utterance, 'one two three', 2);
    write(utterance, 'one two three');
    const segments = [...of('utteranceOpened'), ...of('interimUpdated'), ...of('final')].map(({ segment }) => segment);
    expect(segments.map(({ id, revision }) => [id, revision])).toEqual([
      ['u', 0],
      ['u', 1],
      ['u', 2],
      ['u', 3],
    ]);
    expect(segments.at(-1)).toMatchObject({ startMs: 1_000, endMs: 5_000 });
  });

  it('of two utterances at the same time have revisions of their own', () => {
    const { show, of } = writerOf();
    const [first, second] = [utteranceOf('first'), utteranceOf('second')];
    show(first, 'one');
    show(second, 'uno');
    show(first, 'one two');
    expect(of('interimUpdated').map(({ segment }) => [segment.id, segment.revision])).toEqual([
      ['first', 1],
      ['second', 1],
      ['first', 2],
    ]);
  });

  it('tell the wake listener of each opening, of all words, and of each final', () => {
    const { writer, show, write, wakeCalls } = writerOf();
    const utterance = utteranceOf('u');
    writer.open(utterance);
    show(utterance, 'one two', 1);
    writer.judge(utterance, { ...hypothesisOf('one two three'), words: [] });
    write(utterance, 'one two three');
    expect(wakeCalls).toEqual(['opened u', 'heard 2 of u at 5000', 'heard 0 of u at 5000', 'final at 5000']);
  });
});

describe('an interim', () => {
  it('is shown with its words and how much of it is settled', () => {
    const { show, of } = writerOf();
    show(utteranceOf('u'), 'one two three', 2);
    expect(of('interimUpdated')).toMatchObject([{ hypothesis: { text: 'one two three' }, stableLength: 7 }]);
    expect(of('interimUpdated')[0]?.hypothesis.words?.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect(of('trackActivity')).toEqual([
      {
        type: 'trackActivity',
        activity: {
          type: 'stabilized',
          segmentId: 'u',
          revision: 1,
          committedWords: 2,
          stableLength: 7,
          textLength: 13,
          commitLatencyMs: 120,
        },
      },
    ]);
  });

  it('is not shown again where nothing of it is new, and is where more of it is settled', () => {
    const { show, of } = writerOf();
    const utterance = utteranceOf('u');
    show(utterance, 'one two three', 1);
    show(utterance, 'one two three', 1);
    expect(of('interimUpdated')).toHaveLength(1);
    show(utterance, 'one two three', 2);
    expect(of('interimUpdated').map(({ stableLength }) => stableLength)).toEqual([3, 7]);
  });

  it.each([
    ['there are to be none', { settings: { interimIntervalMs: 0 } }],
    ['no wake phrase has been said', { textFrom: () => undefined }],
    ["it is somebody else's voice", { covered: true }],
  ])('is not shown where %s, and its words are listened to all the same', (_, options) => {
    const { show, events, wakeCalls } = writerOf(options);
    show(utteranceOf('u'), 'one two', 1);
    expect(events).toEqual([]);
    expect(wakeCalls).toEqual(['heard 2 of u at 5000']);
  });

  it('has only what follows the wake phrase, and what is settled is counted from there', () => {
    const { show, of } = writerOf({ textFrom: () => 400 });
    show(utteranceOf('u'), 'hey parley what is new', 3);
    expect(of('interimUpdated')).toMatchObject([{ hypothesis: { text: 'what is new' }, stableLength: 4 }]);
  });

  it('is not shown where nothing follows the wake phrase yet', () => {
    const { show, events } = writerOf({ textFrom: () => 400 });
    show(utteranceOf('u'), 'hey parley', 2);
    expect(events).toEqual([]);
  });

  it('has no words where the engine gave them no times, and none where they are not wanted', () => {
    const spread = writerOf();
    const text = stable('one two', 1);
    const bare = text.committed.map(({ probability: _, ...word }) => word);
    spread.writer.show({
      utterance: utteranceOf('u'),
      text: { ...text, committed: bare },
      hypothesis: hypothesisOf('one two'),
    });
    const unwanted = writerOf({ settings: { words: false } });
    unwanted.show(utteranceOf('u'), 'one two', 1);
    for (const { of } of [spread, unwanted]) {
      expect(of('interimUpdated').map(({ hypothesis }) => 'words' in hypothesis)).toEqual([false]);
    }
  });
});

describe('what becomes of an utterance', () => {
  it("is crosstalk where it is somebody else's voice, whatever was heard in it", () => {
    const { writer, of } = writerOf({ covered: true });
    expect(writer.judge(utteranceOf('u'), hypothesisOf('words'))).toBe('crosstalk');
    expect(of('trackActivity')).toMatchObject([{ activity: { type: 'crosstalkDetected', segmentId: 'u' } }]);
  });

  it('H7 is written, with the track that carries it as well, where it cannot be decided whose voice it is', () => {
    const { write, of } = writerOf({ alsoOn: 'other' });
    write(utteranceOf('u'), 'words');
    expect(of('final')).toMatchObject([{ segment: { id: 'u' }, alsoOnTrackId: 'other' }]);
    const own = writerOf();
    own.write(utteranceOf('u'), 'words');
    expect(own.of('final')[0]).not.toHaveProperty('alsoOnTrackId');
  });

  it('is a final where it has text', () => {
    expect(writerOf().writer.judge(utteranceOf('u'), hypothesisOf('words'))).toBe('transcribed');
  });

  it('is nothing where a gate left no text, by the name of the gate, and where the engine found no words', () => {
    const { writer } = writerOf();
    const none = hypothesisOf('');
    expect(writer.judge(utteranceOf('u'), { ...none, rejected: 'annotation' })).toEqual({ rejected: 'annotation' });
    expect(writer.judge(utteranceOf('u'), none)).toEqual({ rejected: 'noWords' });
  });

  it('is kept back where nobody has said the wake phrase', () => {
    const { writer } = writerOf({ textFrom: () => undefined });
    expect(writer.judge(utteranceOf('u'), hypothesisOf('words'))).toEqual({ shed: 'asleep' });
  });

  it('is kept back where nothing was said after the wake phrase', () => {
    const { writer } = writerOf({ textFrom: () => 400 });
    const hypothesis = { ...hypothesisOf('hey parley'), words: hypothesisWords('hey parley') };
    expect(writer.judge(utteranceOf('u'), hypothesis)).toEqual({ shed: 'asleep' });
  });

  it.each([
    'noSpeech',
    undefined,
  ] as const)('is a gap where words were shown and the final has none (%s)', (rejected) => {
    const { writer, show } = writerOf();
    const utterance = utteranceOf('u');
    show(utterance, 'you');
    const none = { ...hypothesisOf(''), ...(rejected === undefined ? {} : { rejected }) };
    expect(writer.judge(utterance, none)).toEqual({ shed: 'rejected' });
  });
});

describe('a final', () => {
  it('begins with a capital and ends with a full stop', () => {
    const { write, finals } = writerOf();
    write(utteranceOf('u'), 'one two');
    expect(finals()).toEqual(['One two.']);
  });

  it('that was cut within a sentence has no full stop, and the next one goes on in lower case', () => {
    const { write, finals } = writerOf();
    write(utteranceOf('a'), 'one two', 'forced');
    write(utteranceOf('b', { continues: true }), 'and three');
    write(utteranceOf('c'), 'four');
    expect(finals()).toEqual(['One two', 'and three.', 'Four.']);
  });

  it('begins a new sentence after a cut that nothing was said to go on with', () => {
    const { writer, write, finals } = writerOf();
    write(utteranceOf('a'), 'one two', 'forced');
    writer.endSentence(utteranceOf('b', { continues: true }));
    write(utteranceOf('c'), 'three');
    expect(finals()).toEqual(['One two', 'Three.']);
  });

  it('goes on within the sentence where what was discarded did not go on from the cut', () => {
    const { writer, write, finals } = writerOf();
    write(utteranceOf('a'), 'one two', 'forced');
    writer.endSentence(utteranceOf('b'));
    write(utteranceOf('c'), 'and three');
    expect(finals()).toEqual(['One two', 'and three.']);
  });

  it('has only what follows the wake phrase', () => {
    const { write, of } = writerOf({ textFrom: () => 400 });
    write(utteranceOf('u'), { ...hypothesisOf('hey parley what now'), words: hypothesisWords('hey parley what now') });
    expect(of('final')).toMatchObject([{ hypothesis: { text: 'What now.' } }]);
    expect(of('final')[0]?.hypothesis.words?.map(({ text }) => text)).toEqual(['what', 'now']);
  });

  it('joins words of a script without spaces as they are written, after a wake phrase as well', () => {
    const parts = ['你好', '小明', '今天', '天气'];
    const words = parts.map((text, at) => ({ text, startMs: at * 200, endMs: at * 200 + 180, probability: 0.9 }));
    const { write, writer, of, finals } = writerOf({ textFrom: () => 400, settings: { language: 'zh' } });
    const utterance = utteranceOf('u');
    const hypothesis = { ...hypothesisOf(parts.join('')), language: 'zh', words };
    const text = { ...stable('今天', 0), committed: words.slice(0, 3), tail: words.slice(3) };
    writer.show({ utterance, text, hypothesis });
    write(utterance, hypothesis);
    expect(of('interimUpdated')).toMatchObject([{ hypothesis: { text: '今天天气' }, stableLength: 2 }]);
    expect(finals()).toEqual(['今天天气。']);
  });

  it('carries no words where they are not wanted', () => {
    const { write, of } = writerOf({ settings: { words: false } });
    write(utteranceOf('u'), { ...hypothesisOf('one two'), words: hypothesisWords('one two') });
    expect(of('final').map(({ hypothesis }) => 'words' in hypothesis)).toEqual([false]);
  });

  it('says how many settled words it changed', () => {
    const { write, of } = writerOf();
    write(utteranceOf('u', { corrections: ({ text }) => text.length }), 'four');
    expect(of('final')).toMatchObject([{ committedCorrections: 4 }]);
  });

  it('settles the language once, and says so before the final', () => {
    const { write, events } = writerOf({ settings: { language: 'auto' } });
    const german = { ...hypothesisOf('Guten Tag zusammen.'), language: 'de' };
    write(utteranceOf('a'), german);
    write(utteranceOf('b'), german);
    expect(events).toMatchObject([
      { type: 'trackActivity', activity: { type: 'languageDetected', language: 'de', probability: 1, atMs: 5_000 } },
      { type: 'final' },
      { type: 'final' },
    ]);
  });
});

describe('what the recogniser is asked with', () => {
  it('is primed with the hot words that were said least, and with what was said before', () => {
    const { writer, write, update } = writerOf({ settings: { prompt: 'A talk.', hotWords: ['Parley', 'Opus'] } });
    expect(writer.prompt('so far')).toBe('A talk. Parley, Opus. so far');
    write(utteranceOf('u'), 'parley is here');
    expect(writer.prompt('')).toBe('A talk. Opus, Parley.');
    update({ hotWords: ['VAD'] });
    expect(writer.prompt('')).toBe('VAD.');
  });

  it('names the language of the settings, from the next request on', () => {
    const { writer, update } = writerOf({ settings: { language: 'de' } });
    expect(writer.languageRequest(3_000)).toMatchObject({ language: 'de' });
    update({ language: 'fr' });
    expect(writer.languageRequest(3_000)).toMatchObject({ language: 'fr' });
  });
});

describe('the reading of a silence', () => {
  it('does not count as unfinished any more after three finals without a full stop, until one has it', () => {
    const { writer, write } = writerOf();
    const readings: string[] = [];
    for (const text of ['one', 'two', 'three', 'four.', 'five']) {
      write(utteranceOf(text), text);
      readings.push(writer.trusted('unfinished'));
    }
    expect(readings).toEqual(['unfinished', 'unfinished', 'unknown', 'unfinished', 'unfinished']);
  });

  it('counts as the end of a sentence whatever came before', () => {
    const { writer, write } = writerOf();
    for (const text of ['one', 'two', 'three']) write(utteranceOf(text), text);
    expect(writer.trusted('sentence')).toBe('sentence');
  });
});

describe('a gap', () => {
  it('takes the place of the caption, with the next revision', () => {
    const { writer, show, of } = writerOf();
    const utterance = utteranceOf('u');
    show(utterance, 'one');
    writer.gap(utterance, 'overloaded');
    const segment = { id: 'u', startMs: 1_000, endMs: 5_000, revision: 2 };
    expect(of('gap')).toEqual([{ type: 'gap', segment, reason: 'overloaded', language: 'en' }]);
  });

  it.each([
    ['as it was set', { language: 'fr' }, 'fr'],
    ['as it was heard before', { language: 'auto' }, 'de'],
    ['as it was heard last, where it may change', { language: 'per-segment' }, 'de'],
  ])('has the language of the speaker, %s', (_, settings, language) => {
    const { writer, write, of } = writerOf({ settings });
    write(utteranceOf('a'), { ...hypothesisOf('Guten Tag zusammen'), language: 'de' });
    writer.gap(utteranceOf('b'), 'recognizerFailed');
    expect(of('gap')).toMatchObject([{ language }]);
  });

  it('has no language while none is known', () => {
    const { writer, of } = writerOf({ settings: { language: 'auto' } });
    writer.gap(utteranceOf('u'), 'recognizerFailed');
    expect(of('gap')).toMatchObject([{ language: '' }]);
  });

  it('within a final has an id of its own and does not go beyond the end of the utterance', () => {
    const { writer, of } = writerOf();
    writer.missing(utteranceOf('u'), { fromMs: 1_500.4, toMs: 9_000, reason: 'deadlineExceeded' });
    const segment = { id: 'u.missing-1500', startMs: 2_500.4, endMs: 5_000, revision: 1 };
    expect(of('gap')).toMatchObject([{ segment, reason: 'deadlineExceeded' }]);
  });
});

describe('an utterance without a caption', () => {
  it('takes what was opened away, and ends a sentence that it went on from', () => {
    const { writer, write, finals, of } = writerOf();
    write(utteranceOf('a'), 'one', 'forced');
    writer.retract(utteranceOf('b', { continues: true }));
    write(utteranceOf('c'), 'two');
    expect(of('interimRetracted')).toEqual([{ type: 'interimRetracted', segmentId: 'b' }]);
    expect(finals()).toEqual(['One', 'Two.']);
  });

  it('can be withdrawn while the finals before it are on the way: the sentence stays open for them', () => {
    const { writer, write, finals, of } = writerOf();
    write(utteranceOf('a'), 'one', 'forced');
    writer.withdraw(utteranceOf('c', { continues: true }));
    write(utteranceOf('b', { continues: true }), 'and two');
    expect(of('interimRetracted')).toEqual([{ type: 'interimRetracted', segmentId: 'c' }]);
    expect(finals()).toEqual(['One', 'and two.']);
  });
});

function hypothesisWords(text: string): NonNullable<Hypothesis['words']> {
  return timed(text).map((word) => ({ ...word, probability: 0.9 }));
}
