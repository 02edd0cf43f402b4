import { describe, expect, it } from 'vitest';
import { phoneticKey } from './phoneticKey.js';
import { WakeGate, type WakeSettings } from './WakeGate.js';
import { WakePhraseMatcher } from './WakePhraseMatcher.js';

function words(text: string, startMs = 0) {
  return text.split(' ').map((word, index) => ({
    text: word,
    startMs: startMs + index * 300,
    endMs: startMs + index * 300 + 280,
  }));
}

const MEETING = [
  'Good morning everyone, and welcome to the weekly project review.',
  'We have three topics on the agenda today.',
  'Hello, can you hear me now?',
  'Great, then I will start with the platform team.',
  'Only two customers called the support team.',
  'I agree, the price of the event is too high.',
  'Okay, the decision is to cancel the conference in Berlin.',
  'Can we move the next workshop to the first week of March?',
  'Thanks for joining, see you next Monday.',
];

describe('WakePhraseMatcher', () => {
  const matcher = (phrases: string[], sensitivity = 0.6) => new WakePhraseMatcher({ phrases, sensitivity });

  it('finds a phrase anywhere in a sentence and says where it ends', () => {
    const match = matcher(['hey computer']).find(words('So, hey computer, take a note'));
    expect(match).toMatchObject({ phrase: 'hey computer', score: 1, wordFrom: 1, wordTo: 3, startMs: 300, endMs: 880 });
  });

  it.each([
    ['hey parley', 'Hay parly start'],
    ['hey parley', 'Heyparley start'],
    ['hey parley', 'Hey, barley!'],
    ['okay meeting', 'OK meeting, go on'],
    ['computer', 'Compute her, take a note'],
    ['start captions', 'Please start caption'],
    ['hola computadora', 'Ola computadora'],
    ['你好小明', '你好小明 开始'],
  ])('hears "%s" in "%s"', (phrase, text) => {
    expect(matcher([phrase]).find(words(text))?.phrase).toBe(phrase);
  });

  it('hears no phrase in ordinary sentences', () => {
    const all = matcher(['hey parley', 'computer', 'okay meeting', 'start captions']);
    for (const sentence of MEETING) expect(all.find(words(sentence))).toBeUndefined();
    expect(all.find(words('The commuter train was late'))).toBeUndefined();
  });

  it('takes more for the phrase the more sensitive it is', () => {
    const heard = words('hey barlow');
    expect(matcher(['hey parley'], 0.1).find(heard)).toBeUndefined();
    expect(matcher(['hey parley'], 1).find(heard)).toBeDefined();
  });

  it('takes the best of several phrases', () => {
    expect(matcher(['hey parlor', 'hey parley']).find(words('hey parley'))?.phrase).toBe('hey parley');
  });
});

describe('phoneticKey', () => {
  it('is the same for what sounds alike, and other scripts stay as they are', () => {
    expect(phoneticKey('photo')).toBe(phoneticKey('foto'));
    expect(phoneticKey('parley')).toBe(phoneticKey('barly'));
    expect(phoneticKey('naïve')).toBe(phoneticKey('naive'));
    expect(phoneticKey('你好')).toBe('你好');
  });
});

describe('WakeGate', () => {
  const settings: WakeSettings = {
    wakePhrases: ['hey computer'],
    wakeGate: true,
    wakeSensitivity: 0.6,
    wakeActivationDelayMs: 0,
    wakeTimeoutMs: 5_000,
    wakeFollowUpMs: 0,
  };
  const types = (events: { type: string }[]) => events.map(({ type }) => type);

  it('is always awake and says nothing without phrases', () => {
    const gate = new WakeGate({ ...settings, wakePhrases: [] });
    expect(gate.tick(0)).toEqual([]);
    gate.opened('a');
    expect(gate.heard({ words: words('hey computer'), segmentId: 'a', atMs: 1 })).toEqual([]);
    expect(gate.textFrom('a')).toBe(0);
  });

  it('shows what follows the phrase in the same utterance, and falls asleep after it', () => {
    const gate = new WakeGate(settings);
    expect(types(gate.tick(0))).toEqual(['wakeListeningStarted']);
    gate.speechStarted(1_000);
    gate.opened('a');
    expect(gate.textFrom('a')).toBeUndefined();
    expect(types(gate.heard({ words: words('hey computer'), segmentId: 'a', atMs: 1_700 }))).toEqual([
      'wakePhraseDetected',
      'wakeListeningStopped',
    ]);
    expect(gate.heard({ words: words('hey computer take a note'), segmentId: 'a', atMs: 2_500 })).toEqual([]);
    expect(gate.textFrom('a')).toBe(580);
    gate.speechEnded(2_600);
    expect(types(gate.finalDone(2_600))).toEqual(['wakeListeningStarted']);
    gate.opened('b');
    expect(gate.textFrom('b')).toBeUndefined();
  });

  it('stays awake for the next utterance when only the phrase was said', () => {
    const gate = new WakeGate(settings);
    gate.tick(0);
    gate.speechStarted(1_000);
    gate.heard({ words: words('hey computer'), segmentId: 'a', atMs: 1_700 });
    gate.speechEnded(1_800);
    expect(gate.tick(6_700)).toEqual([]);
    gate.speechStarted(6_750);
    gate.opened('b');
    expect(gate.textFrom('b')).toBe(0);
    expect(gate.tick(20_000)).toEqual([]);
  });

  it('times out when nobody speaks', () => {
    const gate = new WakeGate(settings);
    gate.tick(0);
    gate.heard({ words: words('hey computer'), segmentId: 'a', atMs: 1_000 });
    gate.speechEnded(1_200);
    expect(gate.tick(6_100)).toEqual([]);
    expect(types(gate.tick(6_200))).toEqual(['wakePhraseTimedOut', 'wakeListeningStarted']);
    expect(gate.awake).toBe(false);
  });

  it('lets one go on without the phrase for the follow-up time after each final', () => {
    const gate = new WakeGate({ ...settings, wakeFollowUpMs: 3_000 });
    gate.tick(0);
    gate.heard({ words: words('hey computer go'), segmentId: 'a', atMs: 1_000 });
    expect(gate.finalDone(2_000)).toEqual([]);
    gate.speechStarted(4_500);
    gate.opened('b');
    expect(gate.textFrom('b')).toBe(0);
    gate.speechEnded(5_000);
    gate.finalDone(5_500);
    expect(gate.tick(8_400)).toEqual([]);
    expect(types(gate.tick(8_500))).toEqual(['wakeListeningStarted']);
  });

  it('is awake for the activation delay at the start of a track', () => {
    const gate = new WakeGate({ ...settings, wakeActivationDelayMs: 10_000 });
    expect(gate.tick(0)).toEqual([]);
    gate.opened('a');
    expect(gate.textFrom('a')).toBe(0);
    gate.finalDone(5_000);
    expect(gate.awake).toBe(true);
    expect(types(gate.tick(10_000))).toEqual(['wakeListeningStarted']);
  });

  it('reports phrases without holding text back if it does not gate', () => {
    const gate = new WakeGate({ ...settings, wakeGate: false });
    gate.tick(0);
    gate.opened('a');
    expect(gate.textFrom('a')).toBe(0);
    expect(types(gate.heard({ words: words('hey computer go'), segmentId: 'a', atMs: 1 }))).toContain(
      'wakePhraseDetected',
    );
    expect(gate.textFrom('a')).toBe(0);
  });

  it('is turned on and off in the middle', () => {
    const gate = new WakeGate({ ...settings, wakePhrases: [] });
    gate.tick(0);
    expect(types(gate.update(settings, 100))).toEqual(['wakeListeningStarted']);
    expect(gate.awake).toBe(false);
    expect(types(gate.update({ ...settings, wakePhrases: [] }, 200))).toEqual(['wakeListeningStopped']);
    expect(gate.awake).toBe(true);
  });

  describe('with a detector of sound', () => {
    const SOUND = { soundPhrases: ['hey computer v0.1', 'alexa'] };
    const alone = { ...settings, wakePhrases: [] };
    const wakes = ['wakePhraseDetected', 'wakeListeningStopped'];

    it('is woken by it, without a phrase of the speaker’s own', () => {
      const gate = new WakeGate(alone, SOUND);
      expect(gate.needsSound).toBe(true);
      expect(types(gate.tick(0))).toEqual(['wakeListeningStarted']);
      gate.opened('a');
      expect(gate.textFrom('a')).toBeUndefined();
      expect(types(gate.detected({ phrase: 'alexa', score: 0.9, atMs: 500 }))).toEqual(wakes);
      gate.opened('b');
      expect(gate.textFrom('b')).toBe(0);
    });

    it('shows of the open utterance what is said after the word', () => {
      const gate = new WakeGate(alone, SOUND);
      gate.tick(0);
      gate.opened('a');
      gate.detected({ phrase: 'alexa', score: 0.9, atMs: 500, shownFrom: { segmentId: 'a', fromMs: 450 } });
      expect(gate.textFrom('a')).toBe(450);
    });

    it('is woken by the speaker’s own phrases alone, where there are some, and names them as the speaker does', () => {
      const gate = new WakeGate(settings, SOUND);
      gate.tick(0);
      expect(gate.detected({ phrase: 'alexa', score: 0.9, atMs: 500 })).toEqual([]);
      expect(gate.awake).toBe(false);
      const events = gate.detected({ phrase: 'hey computer v0.1', score: 0.8, atMs: 900 });
      expect(types(events)).toEqual(wakes);
      expect(events[0]).toMatchObject({ phrase: 'hey computer', score: 0.8 });
    });

    it('does not listen for what could not wake the speaker', () => {
      expect(new WakeGate({ ...settings, wakePhrases: ['good morning'] }, SOUND).needsSound).toBe(false);
      expect(new WakeGate(settings).needsSound).toBe(false);
      expect(new WakeGate(settings, SOUND).needsSound).toBe(true);
    });

    it('is always awake where no gate is asked for', () => {
      const gate = new WakeGate({ ...alone, wakeGate: false }, SOUND);
      expect(gate.needsSound).toBe(false);
      expect(gate.tick(0)).toEqual([]);
      expect(gate.detected({ phrase: 'alexa', score: 0.9, atMs: 500 })).toEqual([]);
      expect(gate.awake).toBe(true);
    });

    it('is turned on and off in the middle', () => {
      const gate = new WakeGate({ ...alone, wakeGate: false }, SOUND);
      gate.tick(0);
      expect(types(gate.update(alone, 100))).toEqual(['wakeListeningStarted']);
      expect(gate.awake).toBe(false);
      expect(types(gate.update({ ...alone, wakeGate: false }, 200))).toEqual(['wakeListeningStopped']);
      expect(gate.awake).toBe(true);
    });
  });
});
