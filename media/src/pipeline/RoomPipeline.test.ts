import { describe, expect, test } from 'vitest';
import { ProcessError } from '../process/index.js';
import { SfuError, type SfuRoom } from '../sfu/index.js';
import { resolveSpeechSettings } from '../speech/index.js';
import { hypothesisOf } from '../testing/FakeRecognizer.js';
import { ManualTime } from '../testing/ManualTime.js';
import type { MediaWorkerPool, MediaWorkerRoom } from './MediaWorkerPool.js';
import type { PipelineEvent, PipelineSegment } from './messages.js';
import { RoomPipeline } from './RoomPipeline.js';

const ROOM = 'm_1';
const segment = (overrides: Partial<PipelineSegment> = {}): PipelineSegment => ({
  id: 'segment',
  startMs: 1_000,
  endMs: 2_000,
  revision: 3,
  ...overrides,
});

/** A room between a media worker and an SFU that only write down what they are asked. */
async function openRoom() {
  const asked: string[] = [];
  const events: PipelineEvent[] = [];
  const rooms = new Map<string, MediaWorkerRoom>();
  const failures: { speakerId: string }[] = [];
  const time = new ManualTime(0);
  /** `untappable`: whose tap the SFU refuses. `refused`: what the worker refuses, as it is asked. */
  const state = { dead: false, tapOpens: true, untappable: new Set<string>(), refused: new Set<string>() };
  const process = {
    request(method: string, { payload }: { payload: { speaker?: { speakerId: string }; speakerId?: string } }) {
      if (state.dead) return Promise.reject(new ProcessError('PROCESS_EXITED', 'gone'));
      const question = [method, payload.speaker?.speakerId ?? payload.speakerId].filter(Boolean).join(' ');
      asked.push(question);
      if (state.refused.has(question)) return Promise.reject(new ProcessError('REQUEST_FAILED', 'refused'));
      return Promise.resolve({ port: 5_000 });
    },
    send: () => true,
  };
  const sfu = {
    openTap: async () => {
      if (!state.tapOpens) throw new SfuError('INVALID_STATE', 'no tap');
      return { port: 6_000 };
    },
    closeTap: () => asked.push('closeTap'),
    tapProducer: async (id: string) => {
      if (state.untappable.has(id)) throw new SfuError('INVALID_STATE', 'no');
      return { consumerId: `tap of ${id}`, ssrc: 1, payloadType: 100 };
    },
    untap: (id: string) => asked.push(`end ${id}`),
    resumeTap: (id: string) => {
      asked.push(`resume ${id}`);
      return Promise.resolve();
    },
  };
  const pipeline = new RoomPipeline({
    workers: { place: () => ({ process, rooms }) } as unknown as MediaWorkerPool,
    sfu: sfu as unknown as SfuRoom,
    settings: resolveSpeechSettings('balanced'),
    longestWindowMs: () => 10_000,
    onEvent: (event) => events.push(event),
    onNotHeard: (failure) => failures.push(failure),
    time,
  });
  await pipeline.open({ roomId: ROOM, meetingStartedAtMs: 0 });
  const add = (speakerId: string, parts: { muted?: boolean } = {}) =>
    pipeline.addSpeaker({ speakerId, participantId: 'p_1', track: 'microphone', epoch: 1, muted: false, ...parts });
  await add('ada');
  const tell = (event: object) => pipeline.onEvent({ roomId: ROOM, speakerId: 'ada', ...event } as PipelineEvent);
  return { pipeline, asked, events, tell, rooms, state, time, failures, add };
}

describe('RoomPipeline', () => {
  test('opens the tap, tells the worker who speaks, and only then lets the audio flow', async () => {
    const { asked, rooms } = await openRoom();
    expect(asked).toEqual(['openRoom', 'connectRoom', 'addSpeaker ada', 'resume tap of ada']);
    expect([...rooms.keys()]).toEqual([ROOM]);
  });

  test('shows a gap for each utterance that was open when the media worker died', async () => {
    const { pipeline, events, tell } = await openRoom();
    tell({ type: 'opened', segment: segment({ id: 'done' }) });
    tell({ type: 'final', segment: segment({ id: 'done' }), hypothesis: hypothesisOf('done') });
    tell({ type: 'opened', segment: segment({ id: 'open' }) });
    tell({ type: 'interim', segment: segment({ id: 'open', revision: 4 }), hypothesis: hypothesisOf('op') });
    events.length = 0;
    pipeline.onLost();
    expect(events).toMatchObject([
      {
        type: 'gap',
        speakerId: 'ada',
        reason: 'mediaWorkerLost',
        language: 'en',
        segment: { id: 'open', revision: 5 },
      },
      { type: 'speechEnded', speakerId: 'ada' },
    ]);
    pipeline.onLost();
    expect(events.filter(({ type }) => type === 'gap')).toHaveLength(1);
  });

  test('sets everything up again on the successor', async () => {
    const { pipeline, asked } = await openRoom();
    pipeline.onLost();
    asked.length = 0;
    pipeline.onRestored();
    await expect.poll(() => asked).toEqual(['openRoom', 'connectRoom', 'addSpeaker ada', 'resume tap of ada']);
  });

  test('takes back only what it has shown', async () => {
    const { events, tell } = await openRoom();
    tell({ type: 'opened', segment: segment({ id: 'unseen' }) });
    tell({ type: 'retracted', segmentId: 'unseen' });
    tell({ type: 'opened', segment: segment({ id: 'seen' }) });
    tell({ type: 'interim', segment: segment({ id: 'seen' }), hypothesis: hypothesisOf('you') });
    tell({ type: 'retracted', segmentId: 'seen' });
    expect(events.filter(({ type }) => type === 'retracted')).toMatchObject([{ segmentId: 'seen' }]);
  });

  test('mutes, removes and closes although the worker is gone: its successor is told the state anew', async () => {
    const { pipeline, state, rooms } = await openRoom();
    state.dead = true;
    await pipeline.setMuted({ speakerId: 'ada', muted: true });
    await pipeline.removeSpeaker('ada');
    await pipeline.removeSpeaker('ada');
    await pipeline.close();
    await pipeline.close();
    expect(rooms.size).toBe(0);
  });

  test('sets everybody else up when one cannot be tapped, and tries that one again', async () => {
    const { pipeline, asked, state, time, add, failures } = await openRoom();
    await add('ben');
    pipeline.onLost();
    asked.length = 0;
    state.untappable.add('ada');
    pipeline.onRestored();
    await time.advanceAsync(0);
    await expect.poll(() => asked).toEqual(['openRoom', 'connectRoom', 'addSpeaker ben', 'resume tap of ben']);
    state.untappable.clear();
    await time.advanceAsync(250);
    await expect.poll(() => asked.slice(4)).toEqual(['addSpeaker ada', 'resume tap of ada']);
    await time.advanceAsync(60_000, 1_000);
    expect(asked).toHaveLength(6);
    expect(failures).toEqual([]);
  });

  test('tells by a gap and by name who cannot be listened to, and tries no more until they unmute', async () => {
    const { pipeline, asked, state, time, events, failures, add } = await openRoom();
    await add('mute', { muted: true });
    pipeline.onLost();
    events.length = 0;
    state.untappable.add('ada').add('mute');
    pipeline.onRestored();
    await time.advanceAsync(10_000, 10);
    // Nobody loses a word who is muted.
    expect(events).toMatchObject([
      { type: 'gap', speakerId: 'ada', reason: 'mediaWorkerLost', segment: { startMs: 0, endMs: 7_750, revision: 1 } },
    ]);
    expect(failures.map(({ speakerId }) => speakerId)).toEqual(['ada', 'mute']);
    expect(time.pendingTimers).toBe(0);
    state.untappable.clear();
    asked.length = 0;
    await pipeline.setMuted({ speakerId: 'mute', muted: false });
    await time.advanceAsync(1);
    await expect.poll(() => asked).toEqual(['setMuted mute', 'addSpeaker mute', 'resume tap of mute']);
  });

  test('tries a whole room again whose tap cannot be opened, and tells everybody in the end', async () => {
    const { pipeline, asked, state, time, failures } = await openRoom();
    pipeline.onLost();
    asked.length = 0;
    state.tapOpens = false;
    pipeline.onRestored();
    await time.advanceAsync(10_000, 10);
    expect(asked).toEqual(Array(6).fill('openRoom'));
    expect(failures).toMatchObject([{ speakerId: 'ada' }]);
    state.tapOpens = true;
    pipeline.onRestored();
    await expect.poll(() => asked.slice(6)).toEqual(['openRoom', 'connectRoom', 'addSpeaker ada', 'resume tap of ada']);
  });

  test('leaves no tap behind of a speaker whom the worker does not take, and is asked once by all tries together', async () => {
    const { pipeline, asked, state, time, add } = await openRoom();
    asked.length = 0;
    state.refused.add('addSpeaker ben');
    await expect(add('ben')).rejects.toMatchObject({ code: 'REQUEST_FAILED' });
    expect(asked).toEqual(['addSpeaker ben', 'end tap of ben']);
    state.refused.clear();
    asked.length = 0;
    pipeline.onRestored();
    await time.advanceAsync(10_000, 10);
    expect(asked.filter((question) => question === 'addSpeaker ben')).toHaveLength(1);
  });

  test('forgets what was to be tried again with the speaker, and with the room', async () => {
    const { pipeline, state, time, add } = await openRoom();
    state.untappable.add('ben').add('cem');
    await expect(add('ben')).rejects.toThrow();
    await expect(add('cem')).rejects.toThrow();
    expect(time.pendingTimers).toBe(2);
    await pipeline.removeSpeaker('ben');
    expect(time.pendingTimers).toBe(1);
    await pipeline.close();
    expect(time.pendingTimers).toBe(0);
  });

  test('ends what was opened of a room whose tap fails', async () => {
    const { asked, state, pipeline } = await openRoom();
    state.tapOpens = false;
    asked.length = 0;
    await expect(pipeline.open({ roomId: 'another', meetingStartedAtMs: 0 })).rejects.toThrow('no tap');
    expect(asked).toEqual(['openRoom', 'closeRoom']);
    state.tapOpens = true;
    state.refused.add('connectRoom');
    asked.length = 0;
    await expect(pipeline.open({ roomId: 'another', meetingStartedAtMs: 0 })).rejects.toThrow('refused');
    expect(asked).toEqual(['openRoom', 'connectRoom', 'closeTap', 'closeRoom']);
  });

  test('opens the room on another router where the worker does not know it yet', async () => {
    const { pipeline, asked, state } = await openRoom();
    asked.length = 0;
    state.refused.add('reopenRoom');
    await pipeline.attach({ openTap: async () => ({ port: 1 }) } as unknown as SfuRoom);
    expect(asked).toEqual(['reopenRoom', 'openRoom', 'connectRoom']);
  });

  test.each(['removeSpeaker', 'close'] as const)('shows a gap for what is open still after %s', async (how) => {
    const { pipeline, events, tell, state } = await openRoom();
    tell({ type: 'opened', segment: segment({ id: 'open' }) });
    state.dead = true;
    await (how === 'close' ? pipeline.close() : pipeline.removeSpeaker('ada'));
    expect(events.filter(({ type }) => type === 'gap')).toMatchObject([{ segment: { id: 'open' } }]);
  });
});
