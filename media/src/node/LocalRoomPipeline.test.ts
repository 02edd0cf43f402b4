import { describe, expect, test } from 'vitest';
import { ProcessError } from '../process/index.js';
import { resolveSpeechSettings } from '../settings/modes.js';
import { hypothesisOf } from '../testing/FakeRecognizer.js';
import { fakeSfuRoom } from '../testing/fakeMediaNode.js';
import { ManualTime } from '../testing/ManualTime.js';
import type { NotTranscribed, PipelineEvent, PipelineSegment } from '../worker/contract/messages.js';
import { LocalRoomPipeline } from './LocalRoomPipeline.js';
import type { MediaWorkerPool, MediaWorkerRoom } from './MediaWorkerPool.js';
import { type SentChange, SfuError, type SfuRoom } from './sfu/index.js';

const ROOM = 'm_1';
const segment = (overrides: Partial<PipelineSegment> = {}): PipelineSegment => ({
  id: 'segment',
  startMs: 1_000,
  endMs: 2_000,
  revision: 3,
  ...overrides,
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Of a track, whichever way it is named. */
interface AskedPayload {
  track?: { trackId: string; notTranscribed?: string; sentTrackIds?: readonly string[] };
  trackId?: string;
  notTranscribed?: string;
  reason?: string;
}

/** A room between a media worker and an SFU that only write down what they are asked. */
async function openRoom({ meetingMs = 0 } = {}) {
  const asked: string[] = [];
  const events: PipelineEvent[] = [];
  const rooms = new Map<string, MediaWorkerRoom>();
  const failures: { trackId?: string }[] = [];
  /** Messages to the worker, and what each participant is sent as their track is added. */
  const sends: object[] = [];
  const sentOf: Record<string, readonly string[] | undefined> = {};
  let onSent: ((change: SentChange) => void) | undefined;
  /** Whom the worker listens to. */
  const heard = new Set<string>();
  const time = new ManualTime(0);
  /** `untappable`: tracks whose tap the SFU refuses. `refused`: requests that the worker refuses. */
  const state = {
    dead: false,
    tapOpens: true,
    openTapMs: 0,
    tapMs: 0,
    resumeMs: 0,
    unpausable: false,
    untappable: new Set<string>(),
    refused: new Set<string>(),
  };
  const wait = async (ms: number) => {
    if (ms > 0) await new Promise<void>((resolve) => time.after(ms, resolve));
  };
  const process = {
    request(method: string, { payload }: { payload: AskedPayload }) {
      if (state.dead) return Promise.reject(new ProcessError('PROCESS_EXITED', 'gone'));
      const { track = payload } = payload;
      const why = track.notTranscribed ?? payload.reason;
      const question = [method, track.trackId, why].filter(Boolean).join(' ');
      asked.push(question);
      if (state.refused.has(question)) return Promise.reject(new ProcessError('REQUEST_FAILED', 'refused'));
      // A room that is already open is closed first, with all tracks.
      if (method === 'openRoom') heard.clear();
      if (method === 'addTrack') heard.add(payload.track?.trackId ?? '');
      if (payload.track !== undefined) sentOf[payload.track.trackId] = payload.track.sentTrackIds;
      return Promise.resolve({ port: 5_000 });
    },
    send: (message: object) => sends.push(message) > 0,
  };
  const sfu = {
    openTap: async (options: { onSent: (change: SentChange) => void }) => {
      await wait(state.openTapMs);
      if (!state.tapOpens) throw new SfuError('INVALID_STATE', 'no tap');
      onSent = options.onSent;
      return { port: 6_000 };
    },
    closeTap: () => asked.push('closeTap'),
    tapProducer: async (id: string) => {
      await wait(state.tapMs);
      if (state.untappable.has(id)) throw new SfuError('INVALID_STATE', 'no');
      return { consumerId: `tap of ${id}`, ssrc: 1, payloadType: 100 };
    },
    sentBesides: (id: string) => [`sent to ${id}`],
    untap: (id: string) => asked.push(`end ${id}`),
    pauseTap: async (id: string) => {
      asked.push(`pause ${id}`);
      if (state.unpausable) throw new SfuError('WORKER_UNAVAILABLE', 'gone');
    },
    resumeTap: async (id: string) => {
      asked.push(`resume ${id}`);
      await wait(state.resumeMs);
    },
  };
  const pipeline = new LocalRoomPipeline({
    workers: { place: () => ({ process, rooms }) } as unknown as MediaWorkerPool,
    sfu: sfu as unknown as SfuRoom,
    settings: resolveSpeechSettings('balanced'),
    longestWindowMs: () => 10_000,
    onEvent: (event) => events.push(event),
    onNotHeard: (failure) => failures.push(failure),
    time,
  });
  await pipeline.open({ meetingId: ROOM, meetingMs });
  const add = (trackId: string, parts: { muted?: boolean; notTranscribed?: NotTranscribed } = {}) =>
    pipeline.addTrack({ trackId, participantId: 'p_1', name: 'microphone', epoch: 1, muted: false, ...parts });
  await add('ada');
  const tell = (event: object) => pipeline.onEvent({ meetingId: ROOM, trackId: 'ada', ...event } as PipelineEvent);
  /** Time moves on in steps of the shortest wait, and everything settles before and after each. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await turn();
      time.advance(Math.min(250, ms - passed));
    }
    await turn();
  };
  const changeSent = (change: SentChange) => onSent?.(change);
  return { pipeline, asked, events, tell, rooms, state, time, pass, failures, add, heard, sends, sentOf, changeSent };
}

describe('LocalRoomPipeline', () => {
  test('opens the tap, tells the worker who speaks, and only then lets the audio flow', async () => {
    const { asked, rooms } = await openRoom();
    expect(asked).toEqual(['openRoom', 'connectRoom', 'addTrack ada', 'resume tap of ada']);
    expect([...rooms.keys()]).toEqual([ROOM]);
  });

  test('H7 says what a participant is sent, with their track and whenever it changes', async () => {
    const { pipeline, sends, sentOf, changeSent } = await openRoom();
    expect(sentOf.ada).toEqual(['sent to ada']);
    changeSent({ producerId: 'ada', sentProducerIds: ['ben', 'carol'] });
    const change = { type: 'sentChanged', meetingId: ROOM, trackId: 'ada', sentTrackIds: ['ben', 'carol'] };
    expect(sends).toEqual([change]);
    // Of a track that nobody listens to, or not any more, nothing is said.
    changeSent({ producerId: 'nobody', sentProducerIds: ['ben'] });
    await pipeline.removeTrack('ada');
    changeSent({ producerId: 'ada', sentProducerIds: [] });
    expect(sends).toEqual([change]);
  });

  test('shows a gap for each utterance that was open when the media worker died', async () => {
    const { pipeline, events, tell } = await openRoom();
    tell({ type: 'utteranceOpened', segment: segment({ id: 'done' }) });
    tell({ type: 'final', segment: segment({ id: 'done' }), hypothesis: hypothesisOf('done') });
    tell({ type: 'utteranceOpened', segment: segment({ id: 'open' }) });
    tell({ type: 'interimUpdated', segment: segment({ id: 'open', revision: 4 }), hypothesis: hypothesisOf('op') });
    events.length = 0;
    pipeline.onLost();
    expect(events).toMatchObject([
      {
        type: 'gap',
        trackId: 'ada',
        reason: 'mediaWorkerLost',
        language: 'en',
        segment: { id: 'open', revision: 5 },
      },
      { type: 'speechEnded', trackId: 'ada' },
    ]);
    pipeline.onLost();
    expect(events.filter(({ type }) => type === 'gap')).toHaveLength(1);
  });

  test('sets everything up again on the successor', async () => {
    const { pipeline, asked } = await openRoom();
    pipeline.onLost();
    asked.length = 0;
    pipeline.onRestored();
    await expect.poll(() => asked).toEqual(['openRoom', 'connectRoom', 'addTrack ada', 'resume tap of ada']);
  });

  test('takes back only what it has shown', async () => {
    const { events, tell } = await openRoom();
    tell({ type: 'utteranceOpened', segment: segment({ id: 'unseen' }) });
    tell({ type: 'interimRetracted', segmentId: 'unseen' });
    tell({ type: 'utteranceOpened', segment: segment({ id: 'seen' }) });
    tell({ type: 'interimUpdated', segment: segment({ id: 'seen' }), hypothesis: hypothesisOf('you') });
    tell({ type: 'interimRetracted', segmentId: 'seen' });
    expect(events.filter(({ type }) => type === 'interimRetracted')).toMatchObject([{ segmentId: 'seen' }]);
  });

  test('mutes, removes and closes although the worker is gone: its successor is told the state anew', async () => {
    const { pipeline, state, rooms } = await openRoom();
    state.dead = true;
    await pipeline.setMuted({ trackId: 'ada', muted: true });
    await pipeline.removeTrack('ada');
    await pipeline.removeTrack('ada');
    await pipeline.close();
    await pipeline.close();
    expect(rooms.size).toBe(0);
  });

  test('sets everybody else up when one cannot be tapped, tries that one again, and tells what nobody heard meanwhile', async () => {
    const { pipeline, asked, events, state, time, add, failures } = await openRoom();
    await add('ben');
    pipeline.onLost();
    asked.length = 0;
    events.length = 0;
    state.untappable.add('ada');
    pipeline.onRestored();
    await time.advanceAsync(0);
    await expect.poll(() => asked).toEqual(['openRoom', 'connectRoom', 'addTrack ben', 'resume tap of ben']);
    state.untappable.clear();
    await time.advanceAsync(250);
    await expect.poll(() => asked.slice(4)).toEqual(['addTrack ada', 'resume tap of ada']);
    await time.advanceAsync(60_000, 1_000);
    expect(asked).toHaveLength(6);
    expect(failures).toMatchObject([{ trackId: 'ada' }]);
    expect(events).toMatchObject([
      { type: 'gap', trackId: 'ada', reason: 'mediaWorkerLost', unheard: true, segment: { startMs: 0, endMs: 250 } },
    ]);
  });

  test('tells by a gap what nobody heard until a dead media worker had a successor', async () => {
    const { pipeline, events, pass } = await openRoom();
    await pass(5_000);
    pipeline.onLost();
    await pass(750);
    pipeline.onRestored();
    await pass(250);
    expect(events.filter(({ type }) => type === 'gap')).toMatchObject([
      { trackId: 'ada', unheard: true, segment: { startMs: 5_000, endMs: 5_750, revision: 1 } },
    ]);
  });

  test('tells no gap of the moment that everybody is set up in', async () => {
    const { asked, events, state, time, add } = await openRoom();
    state.tapMs = 40;
    const added = add('ben');
    await time.advanceAsync(40);
    await added;
    expect(asked).toContain('resume tap of ben');
    expect(events).toEqual([]);
  });

  test('tells by a gap what was said in a set-up that is slow, although it succeeds', async () => {
    const { events, state, time, add } = await openRoom();
    await time.advanceAsync(5_000);
    state.tapMs = 3_000;
    const added = add('ben');
    const muted = add('mute', { muted: true });
    await time.advanceAsync(10_000, 100);
    await Promise.all([added, muted]);
    expect(events).toMatchObject([
      { type: 'gap', trackId: 'ben', unheard: true, segment: { startMs: 5_000, endMs: 8_000 } },
    ]);
  });

  test('tries without an end, warns once, and tells what nobody heard: once after a while, and the rest at last', async () => {
    const { pipeline, state, time, pass, events, failures } = await openRoom();
    pipeline.onLost();
    events.length = 0;
    state.untappable.add('ada');
    pipeline.onRestored();
    await pass(60_000);
    expect(failures).toMatchObject([{ trackId: 'ada' }]);
    expect(events).toMatchObject([{ type: 'gap', segment: { startMs: 0, endMs: 7_750, revision: 1 } }]);
    state.untappable.clear();
    await pass(10_000);
    expect(events.slice(1)).toMatchObject([{ type: 'gap', unheard: true, segment: { startMs: 7_750, endMs: 65_750 } }]);
    expect(time.pendingTimers).toBe(0);
    // A later loss counts separately.
    pipeline.onLost();
    state.untappable.add('ada');
    pipeline.onRestored();
    await pass(250);
    expect(failures).toHaveLength(2);
  });

  test('tells once what nobody hears while there is no media worker, and the rest when there is one', async () => {
    const { pipeline, pass, time, events } = await openRoom();
    await pass(1_000);
    pipeline.onLost();
    await pass(5_000);
    // Its successor does not become ready.
    pipeline.onLost();
    events.length = 0;
    await pass(30_000);
    pipeline.onLost();
    await pass(30_000);
    const gaps = () => events.filter(({ type }) => type === 'gap');
    expect(gaps()).toMatchObject([{ unheard: true, segment: { startMs: 1_000, endMs: 9_000 } }]);
    pipeline.onRestored();
    await pass(250);
    expect(gaps().slice(1)).toMatchObject([{ segment: { startMs: 9_000, endMs: 66_000 } }]);
    // A later loss counts separately.
    pipeline.onLost();
    await pass(8_000);
    expect(gaps()).toHaveLength(3);
    await pipeline.close();
    pipeline.onLost();
    expect(time.pendingTimers).toBe(0);
  });

  test.each(['onRestored', 'close'] as const)('tells nothing by the clock after %s', async (how) => {
    const { pipeline, pass, time, events } = await openRoom();
    pipeline.onLost();
    await pass(4_000);
    await pipeline[how]();
    expect(time.pendingTimers).toBe(0);
    await pass(60_000);
    expect(events.filter(({ type }) => type === 'gap')).toMatchObject([{ segment: { startMs: 0, endMs: 4_000 } }]);
  });

  test('tells no gap of time in which somebody was muted', async () => {
    const { pipeline, state, pass, events, add } = await openRoom();
    await add('mute', { muted: true });
    pipeline.onLost();
    events.length = 0;
    state.untappable.add('ada').add('mute');
    pipeline.onRestored();
    await pass(1_000);
    await pipeline.setMuted({ trackId: 'ada', muted: true });
    await pipeline.setMuted({ trackId: 'mute', muted: false });
    await pass(1_000);
    state.untappable.clear();
    await pass(10_000);
    expect(events).toMatchObject([
      { type: 'gap', trackId: 'ada', segment: { startMs: 0, endMs: 1_000 } },
      { type: 'gap', trackId: 'mute', segment: { startMs: 1_000, endMs: 3_750 } },
    ]);
  });

  test.each(['removeTrack', 'close'] as const)('tells what nobody heard at %s', async (how) => {
    const { pipeline, state, time, events, add } = await openRoom();
    await time.advanceAsync(1_000);
    state.untappable.add('ben');
    await add('ben');
    await time.advanceAsync(2_000);
    await (how === 'close' ? pipeline.close() : pipeline.removeTrack('ben'));
    expect(events).toMatchObject([
      { type: 'gap', trackId: 'ben', unheard: true, segment: { startMs: 1_000, endMs: 3_000 } },
    ]);
    expect(time.pendingTimers).toBe(0);
  });

  test('tries a whole room again whose tap cannot be opened, until it can, and warns of the room alone', async () => {
    const { pipeline, asked, state, time, pass, events, failures, add } = await openRoom();
    pipeline.onLost();
    asked.length = 0;
    events.length = 0;
    state.tapOpens = false;
    pipeline.onRestored();
    await pass(1_000);
    state.untappable.add('ben');
    await add('ben');
    state.untappable.clear();
    await pass(59_000);
    expect(asked.length).toBeGreaterThan(6);
    expect(new Set(asked)).toEqual(new Set(['openRoom']));
    expect(failures).toEqual([{ error: expect.any(SfuError) }]);
    asked.length = 0;
    state.tapOpens = true;
    await pass(10_000);
    expect(asked).toEqual([
      'openRoom',
      'connectRoom',
      ...['addTrack ada', 'resume tap of ada', 'addTrack ben', 'resume tap of ben'],
    ]);
    expect(events).toMatchObject([
      { trackId: 'ada', segment: { startMs: 0, endMs: 7_750 } },
      { trackId: 'ben', segment: { startMs: 1_000, endMs: 7_750 } },
      { trackId: 'ada', segment: { startMs: 7_750, endMs: 65_750 } },
      { trackId: 'ben', segment: { startMs: 7_750, endMs: 65_750 } },
    ]);
    expect(time.pendingTimers).toBe(0);
  });

  test('opens no room once more that is open by then: those who are heard would be heard no more', async () => {
    const { pipeline, asked, state, time } = await openRoom();
    pipeline.onLost();
    state.tapOpens = false;
    pipeline.onRestored();
    await time.advanceAsync(100);
    state.tapOpens = true;
    asked.length = 0;
    pipeline.onRestored();
    await time.advanceAsync(60_000, 50);
    expect(asked).toEqual(['openRoom', 'connectRoom', 'addTrack ada', 'resume tap of ada']);
  });

  test('leaves nobody deaf where the worker dies again before the room is set up anew', async () => {
    const { pipeline, asked, time, add, heard } = await openRoom();
    await add('ben');
    asked.length = 0;
    pipeline.onLost();
    pipeline.onRestored();
    pipeline.onLost();
    pipeline.onRestored();
    await time.advanceAsync(60_000, 250);
    expect([...heard]).toEqual(['ada', 'ben']);
    expect(asked.filter((question) => question === 'openRoom')).toHaveLength(1);
  });

  test('leaves nobody deaf where a try by the clock comes after another one', async () => {
    const { pipeline, state, time, heard } = await openRoom();
    pipeline.onLost();
    state.tapOpens = false;
    pipeline.onRestored();
    await time.advanceAsync(100);
    state.tapOpens = true;
    state.tapMs = 1_000;
    // The successor of the first try waits until the tap of this one is done.
    pipeline.onRestored();
    time.advance(150);
    await time.advanceAsync(60_000, 50);
    expect([...heard]).toEqual(['ada']);
  });

  test('leaves nobody deaf whose tap was being opened when the worker died', async () => {
    const { pipeline, asked, state, time, add, heard } = await openRoom();
    state.resumeMs = 40;
    const added = add('ben');
    await time.advanceAsync(20, 5);
    expect(asked).toContain('resume tap of ben');
    pipeline.onLost();
    pipeline.onRestored();
    await time.advanceAsync(60_000, 20);
    await added;
    expect([...heard]).toEqual(['ada', 'ben']);
  });

  test('leaves no tap behind of a speaker whom the worker does not take, and is asked once by all tries together', async () => {
    const { pipeline, asked, state, time, add, failures } = await openRoom();
    asked.length = 0;
    state.refused.add('addTrack ben');
    await add('ben');
    expect(failures).toMatchObject([{ trackId: 'ben', error: { code: 'REQUEST_FAILED' } }]);
    expect(asked).toEqual(['addTrack ben', 'end tap of ben']);
    state.refused.clear();
    asked.length = 0;
    pipeline.onRestored();
    await time.advanceAsync(10_000, 10);
    expect(asked.filter((question) => question === 'addTrack ben')).toHaveLength(1);
  });

  test('forgets what was to be tried again with the speaker, and with the room', async () => {
    const { pipeline, state, time, add } = await openRoom();
    state.untappable.add('ben').add('cem');
    await add('ben');
    await add('cem');
    expect(time.pendingTimers).toBe(2);
    await pipeline.removeTrack('ben');
    expect(time.pendingTimers).toBe(1);
    await pipeline.close();
    expect(time.pendingTimers).toBe(0);
  });

  test('warns of no closed room, and tries nothing for it, where it was being set up as it was closed', async () => {
    const { pipeline, asked, state, time, failures } = await openRoom();
    pipeline.onLost();
    state.openTapMs = 1_000;
    state.tapOpens = false;
    asked.length = 0;
    pipeline.onRestored();
    await time.advanceAsync(500);
    const closed = pipeline.close();
    await time.advanceAsync(500);
    await closed;
    expect(asked).toEqual(['openRoom', 'closeRoom', 'closeTap']);
    expect(failures).toEqual([]);
    expect(time.pendingTimers).toBe(0);
  });

  test('ends what was opened of a room whose tap fails', async () => {
    const { asked, state, pipeline } = await openRoom();
    state.tapOpens = false;
    asked.length = 0;
    await expect(pipeline.open({ meetingId: 'another', meetingMs: 0 })).rejects.toThrow('no tap');
    expect(asked).toEqual(['openRoom', 'closeRoom']);
    state.tapOpens = true;
    state.refused.add('connectRoom');
    asked.length = 0;
    await expect(pipeline.open({ meetingId: 'another', meetingMs: 0 })).rejects.toThrow('refused');
    expect(asked).toEqual(['openRoom', 'connectRoom', 'closeTap', 'closeRoom']);
  });

  test('opens the room on another router where the worker does not know it yet', async () => {
    const { pipeline, asked, state } = await openRoom();
    asked.length = 0;
    state.refused.add('reopenRoom');
    await pipeline.attach({ openTap: async () => ({ port: 1 }) } as unknown as SfuRoom);
    expect(asked).toEqual(['reopenRoom', 'openRoom', 'connectRoom']);
  });

  test.each(['removeTrack', 'close'] as const)('shows a gap for what is open still after %s', async (how) => {
    const { pipeline, events, tell, state } = await openRoom();
    tell({ type: 'utteranceOpened', segment: segment({ id: 'open' }) });
    state.dead = true;
    await (how === 'close' ? pipeline.close() : pipeline.removeTrack('ada'));
    expect(events.filter(({ type }) => type === 'gap')).toMatchObject([{ segment: { id: 'open' } }]);
  });

  test('counts the time of a meeting from when it has run for so long already, and listens to no SFU of another machine', async () => {
    const { pipeline, events, add, time } = await openRoom({ meetingMs: 5_000 });
    time.advance(1_000);
    pipeline.onLost();
    expect(events).toMatchObject([{ type: 'speechEnded', atMs: 6_000 }]);
    await add('ben');
    await expect(pipeline.attach(fakeSfuRoom())).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});

describe('somebody who is not transcribed', () => {
  const off = { trackId: 'ada', reason: 'offTheRecord' } as const;
  const on = { trackId: 'ada', reason: undefined };
  const gapsIn = (events: PipelineEvent[]) => events.filter(({ type }) => type === 'gap');

  test('H11 is no longer sent to the worker, which drops what has come; afterwards the span is a gap', async () => {
    const { pipeline, asked, events, pass } = await openRoom();
    await pass(1_000);
    asked.length = 0;
    await pipeline.setNotTranscribed(off);
    expect(asked).toEqual(['pause tap of ada', 'setNotTranscribed ada offTheRecord']);
    await pass(5_000);
    expect(events).toEqual([]);
    asked.length = 0;
    await pipeline.setNotTranscribed(on);
    expect(asked).toEqual(['setNotTranscribed ada', 'resume tap of ada']);
    expect(events).toMatchObject([
      {
        type: 'gap',
        trackId: 'ada',
        reason: 'offTheRecord',
        unheard: true,
        segment: { startMs: 1_000, endMs: 6_000, revision: 1 },
      },
    ]);
    await pipeline.close();
    expect(events).toHaveLength(1);
  });

  test('H11 from the start is tapped without being sent, and is a gap until the reason ends or they leave', async () => {
    const { pipeline, asked, events, pass, add } = await openRoom();
    asked.length = 0;
    await add('ben', { notTranscribed: 'noConsent' });
    expect(asked).toEqual(['addTrack ben noConsent']);
    await pass(2_000);
    await pipeline.setNotTranscribed({ trackId: 'ben', reason: 'offTheRecord' });
    await pass(1_000);
    expect(asked).not.toContain('resume tap of ben');
    await pipeline.removeTrack('ben');
    expect(events).toMatchObject([
      { trackId: 'ben', reason: 'noConsent', segment: { startMs: 0, endMs: 2_000 } },
      { trackId: 'ben', reason: 'offTheRecord', segment: { startMs: 2_000, endMs: 3_000 } },
    ]);
  });

  test('H11 stays so on a successor of the media worker, for one and the same reason', async () => {
    const { pipeline, asked, events, pass } = await openRoom();
    await pipeline.setNotTranscribed(off);
    await pass(1_000);
    pipeline.onLost();
    asked.length = 0;
    pipeline.onRestored();
    await pass(1_000);
    expect(asked).toEqual(['openRoom', 'connectRoom', 'addTrack ada offTheRecord']);
    await pipeline.setNotTranscribed(on);
    expect(asked.slice(3)).toEqual(['setNotTranscribed ada', 'resume tap of ada']);
    expect(gapsIn(events)).toMatchObject([{ reason: 'offTheRecord', segment: { startMs: 0, endMs: 2_000 } }]);
  });

  test('H11 while they are being set up: nothing is let through', async () => {
    const { pipeline, asked, state, time, add } = await openRoom();
    state.tapMs = 100;
    const added = add('ben');
    await time.advanceAsync(50);
    await pipeline.setNotTranscribed({ trackId: 'ben', reason: 'offTheRecord' });
    await time.advanceAsync(100);
    await added;
    expect(asked).not.toContain('resume tap of ben');
    await pipeline.setNotTranscribed({ trackId: 'ben', reason: undefined });
    expect(asked.at(-1)).toBe('resume tap of ben');
  });

  test('H11 while they are being let through: the pause comes last', async () => {
    const { pipeline, asked, state, time, add } = await openRoom();
    state.resumeMs = 100;
    const added = add('ben');
    await time.advanceAsync(50);
    await pipeline.setNotTranscribed({ trackId: 'ben', reason: 'offTheRecord' });
    await time.advanceAsync(100);
    await added;
    expect(asked.slice(-3)).toEqual(['resume tap of ben', 'pause tap of ben', 'setNotTranscribed ben offTheRecord']);
  });

  test('H11 again and again: the last wish holds, and a repeated request is answered when it does', async () => {
    const { pipeline, asked } = await openRoom();
    asked.length = 0;
    await Promise.all([
      pipeline.setNotTranscribed(off),
      pipeline.setNotTranscribed(on),
      pipeline.setNotTranscribed(off),
    ]);
    expect(asked.at(-1)).toBe('setNotTranscribed ada offTheRecord');
    expect(asked).not.toContain('resume tap of ada');
    asked.length = 0;
    await pipeline.setNotTranscribed(off);
    expect(asked).toEqual(['pause tap of ada', 'setNotTranscribed ada offTheRecord']);
  });

  test('H11 is dropped by the worker although the SFU cannot be asked, and held by the next one if neither can', async () => {
    const { pipeline, asked, state } = await openRoom();
    state.unpausable = true;
    await pipeline.setNotTranscribed(off);
    expect(asked.at(-1)).toBe('setNotTranscribed ada offTheRecord');
    await pipeline.setNotTranscribed(on);
    state.dead = true;
    await pipeline.setNotTranscribed(off);
    state.dead = false;
    pipeline.onLost();
    pipeline.onRestored();
    await expect.poll(() => asked.at(-1)).toBe('addTrack ada offTheRecord');
  });

  test('H11 has no span of the time in which they were muted, and none where they are unknown', async () => {
    const { pipeline, events, pass } = await openRoom();
    await pipeline.setNotTranscribed(off);
    await pass(1_000);
    await pipeline.setMuted({ trackId: 'ada', muted: true });
    await pass(1_000);
    await pipeline.setMuted({ trackId: 'ada', muted: false });
    await pass(1_000);
    await pipeline.setNotTranscribed(on);
    await pipeline.setNotTranscribed({ trackId: 'nobody', reason: 'offTheRecord' });
    expect(gapsIn(events)).toMatchObject([
      { segment: { startMs: 0, endMs: 1_000 } },
      { segment: { startMs: 2_000, endMs: 3_000 } },
    ]);
  });
});
