import { describe, expect, it } from 'vitest';
import { resolveSpeechSettings } from '../../settings/modes.js';
import type { SpeechOverrides } from '../../settings/speechSettings.js';
import type { WakeWordDetector } from '../speech/wake/index.js';
import { WakeListener } from './WakeListener.js';

/** A detector that detects when the test wants, and records the use of its streams. */
class ScriptedDetector implements WakeWordDetector {
  readonly phrases = ['alexa'];
  readonly calls: string[] = [];
  detect: (detection: { phrase: string; score: number }) => void = () => {};

  open({ sensitivity, onDetection }: Parameters<WakeWordDetector['open']>[0]) {
    this.calls.push(`open ${sensitivity}`);
    this.detect = onDetection;
    return {
      push: (pcm: Int16Array) => this.calls.push(`push ${pcm.length}`),
      reset: () => this.calls.push('reset'),
      drain: () => Promise.resolve(),
      close: () => this.calls.push(`close ${sensitivity}`),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const settingsOf = (settings: SpeechOverrides) => resolveSpeechSettings('balanced', { language: 'en', ...settings });
const words = (text: string) =>
  text.split(' ').map((word, at) => ({ text: word, startMs: at * 200, endMs: at * 200 + 180, probability: 0.9 }));

function listenerOf(options: { settings?: SpeechOverrides; detector?: WakeWordDetector } = {}) {
  const { settings = {}, detector } = options;
  const batches: string[][] = [];
  const state: { nowMs: number; utterance: { id: string; startMs: number } | undefined } = {
    nowMs: 10_000,
    utterance: undefined,
  };
  const listener = new WakeListener({
    settings: settingsOf(settings),
    detector,
    now: () => state.nowMs,
    utterance: () => state.utterance,
    onEvents: (events) => batches.push(events.map(({ type }) => type)),
  });
  return { listener, batches, state, update: (changed: SpeechOverrides) => listener.update(settingsOf(changed)) };
}

describe('a speaker without wake words', () => {
  it('is always awake, all of their text may be shown, and nothing is reported', () => {
    const { listener, batches } = listenerOf();
    listener.tick(0);
    listener.opened('u');
    listener.heard({ words: words('hey parley'), segmentId: 'u', atMs: 500 });
    listener.finalDone(900);
    expect(listener.awake).toBe(true);
    expect(listener.textFrom('u')).toBe(0);
    expect(batches).toEqual([]);
  });

  it('costs no listening: their audio is not even read', () => {
    const { listener } = listenerOf();
    let read = 0;
    listener.push(() => {
      read += 1;
      return new Int16Array(512);
    });
    listener.reset();
    expect(read).toBe(0);
  });
});

describe('a wake phrase in the text', () => {
  const ASLEEP = { wakePhrases: ['hey parley'] };

  it('wakes its speaker: what follows it may be shown, nothing before it', () => {
    const { listener, batches } = listenerOf({ settings: ASLEEP });
    listener.tick(0);
    expect(listener.awake).toBe(false);
    listener.opened('u');
    listener.heard({ words: words('well hey parley what'), segmentId: 'u', atMs: 800 });
    expect(listener.awake).toBe(true);
    expect(listener.textFrom('u')).toBe(580);
    expect(batches).toEqual([['wakeListeningStarted'], ['wakePhraseDetected', 'wakeListeningStopped']]);
  });

  it('is not taken from a text without words', () => {
    const { listener, batches } = listenerOf({ settings: ASLEEP });
    listener.tick(0);
    listener.heard({ words: [], segmentId: 'u', atMs: 800 });
    expect(listener.textFrom('u')).toBeUndefined();
    expect(batches).toEqual([['wakeListeningStarted']]);
  });

  it('is over with the final', () => {
    const { listener, batches } = listenerOf({ settings: ASLEEP });
    listener.tick(0);
    listener.heard({ words: words('hey parley'), segmentId: 'u', atMs: 800 });
    listener.finalDone(1_500);
    expect(listener.awake).toBe(false);
    expect(batches.at(-1)).toEqual(['wakeListeningStarted']);
  });

  it('times out where nothing is said after it', () => {
    const { listener, batches } = listenerOf({ settings: { ...ASLEEP, wakeTimeoutMs: 2_000 } });
    listener.tick(0);
    listener.heard({ words: words('hey parley'), segmentId: 'u', atMs: 800 });
    listener.tick(2_799);
    expect(listener.awake).toBe(true);
    listener.tick(2_800);
    expect(listener.awake).toBe(false);
    expect(batches.at(-1)).toEqual(['wakePhraseTimedOut', 'wakeListeningStarted']);
  });

  it('does not time out while somebody speaks, and has its full time afterwards', () => {
    const { listener } = listenerOf({ settings: { ...ASLEEP, wakeTimeoutMs: 2_000 } });
    listener.tick(0);
    listener.speechStarted(300);
    listener.heard({ words: words('hey parley'), segmentId: 'u', atMs: 800 });
    listener.tick(20_000);
    expect(listener.awake).toBe(true);
    listener.speechEnded(20_000);
    listener.tick(21_999);
    expect(listener.awake).toBe(true);
    listener.tick(22_000);
    expect(listener.awake).toBe(false);
  });

  it('is needed from the moment that the settings have one, and not any more once they have none', () => {
    const { listener, batches, update } = listenerOf();
    listener.tick(0);
    update(ASLEEP);
    expect(listener.awake).toBe(false);
    update({});
    expect(listener.awake).toBe(true);
    expect(batches).toEqual([['wakeListeningStarted'], ['wakeListeningStopped']]);
  });
});

describe('a wake word by its sound', () => {
  it('wakes its speaker: of what is being said, only what comes from now on may be shown', () => {
    const detector = new ScriptedDetector();
    const { listener, batches, state } = listenerOf({ detector });
    listener.tick(0);
    expect(listener.awake).toBe(false);
    state.utterance = { id: 'u', startMs: 9_200 };
    detector.detect({ phrase: 'alexa', score: 0.9 });
    expect(listener.awake).toBe(true);
    expect(listener.textFrom('u')).toBe(800);
    expect(batches.at(-1)).toEqual(['wakePhraseDetected', 'wakeListeningStopped']);
  });

  it('between two utterances opens the next one, whole', () => {
    const detector = new ScriptedDetector();
    const { listener } = listenerOf({ detector });
    listener.tick(0);
    detector.detect({ phrase: 'alexa', score: 0.9 });
    listener.opened('next');
    expect(listener.textFrom('next')).toBe(0);
  });

  it('of an utterance that begins later than it by the clocks lets all of it through', () => {
    const detector = new ScriptedDetector();
    const { listener, state } = listenerOf({ detector });
    listener.tick(0);
    state.utterance = { id: 'u', startMs: 10_050 };
    detector.detect({ phrase: 'alexa', score: 0.9 });
    expect(listener.textFrom('u')).toBe(0);
  });

  it('is listened for in the audio of the track, and what was heard is forgotten where the track goes on elsewhere', () => {
    const detector = new ScriptedDetector();
    const { listener } = listenerOf({ detector });
    listener.push(() => new Int16Array(512));
    listener.reset();
    expect(detector.calls).toEqual(['open 0.6', 'push 512', 'reset']);
  });

  it('is listened for with the sensitivity of the settings: another one opens another stream, the same one does not', () => {
    const detector = new ScriptedDetector();
    const { update } = listenerOf({ detector });
    update({ beamSize: 2 });
    update({ wakeSensitivity: 0.9 });
    expect(detector.calls).toEqual(['open 0.6', 'close 0.6', 'open 0.9']);
  });

  it.each([
    ['nothing is gated', { wakeGate: false }],
    ['the speaker has other phrases', { wakePhrases: ['hey parley'] }],
  ])('is not listened for where %s', (_, settings) => {
    const detector = new ScriptedDetector();
    const { update } = listenerOf({ detector });
    update(settings);
    expect(detector.calls).toEqual(['open 0.6', 'close 0.6']);
  });

  it('is not listened for after the end, however often that comes', () => {
    const detector = new ScriptedDetector();
    const { listener } = listenerOf({ detector });
    listener.close();
    listener.close();
    listener.push(() => new Int16Array(512));
    listener.reset();
    expect(detector.calls).toEqual(['open 0.6', 'close 0.6']);
  });

  it('that is not of this speaker wakes nobody', () => {
    const detector = new ScriptedDetector();
    const { listener, batches } = listenerOf({ detector, settings: { wakePhrases: ['alexa'] } });
    listener.tick(0);
    detector.detect({ phrase: 'hey jarvis', score: 0.9 });
    expect(listener.awake).toBe(false);
    expect(batches).toEqual([['wakeListeningStarted']]);
  });
});
