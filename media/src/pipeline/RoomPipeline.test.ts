import { describe, expect, test } from 'vitest';
import { ProcessError } from '../process/index.js';
import type { SfuRoom } from '../sfu/index.js';
import { resolveSpeechSettings } from '../speech/index.js';
import { hypothesisOf } from '../testing/FakeRecognizer.js';
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
  const state = { dead: false };
  const process = {
    request(method: string, { payload }: { payload: { speaker?: { speakerId: string }; speakerId?: string } }) {
      if (state.dead) return Promise.reject(new ProcessError('PROCESS_EXITED', 'gone'));
      asked.push([method, payload.speaker?.speakerId ?? payload.speakerId].filter(Boolean).join(' '));
      return Promise.resolve({ port: 5_000 });
    },
    send: () => true,
  };
  const sfu = {
    openTap: () => Promise.resolve({ port: 6_000 }),
    closeTap: () => asked.push('closeTap'),
    tapProducer: (id: string) => Promise.resolve({ consumerId: `tap of ${id}`, ssrc: 1, payloadType: 100 }),
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
  });
  await pipeline.open({ roomId: ROOM, meetingStartedAtMs: 0 });
  await pipeline.addSpeaker({ speakerId: 'ada', participantId: 'p_1', track: 'microphone', epoch: 1, muted: false });
  const tell = (event: object) => pipeline.onEvent({ roomId: ROOM, speakerId: 'ada', ...event } as PipelineEvent);
  return { pipeline, asked, events, tell, rooms, state };
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
});
