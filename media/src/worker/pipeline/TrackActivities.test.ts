import { describe, expect, it } from 'vitest';
import type { TrackActivity } from '../contract/messages.js';
import { Timeline } from './Timeline.js';
import { TrackActivities } from './TrackActivities.js';

const UTTERANCE = { id: 'u', startMs: 1_000 };
const FRAME = 512;

function activitiesOf() {
  const told: TrackActivity[] = [];
  const activities = new TrackActivities({ onActivity: (activity) => told.push(activity) });
  const timeline = new Timeline({ index: 0, meetingStartedAtMs: 0, now: () => 0, firstTimestamp: 0 });
  timeline.observe(0, 2_000);
  return { activities, told, frameAt: (startSample: number) => ({ timeline, startSample, rms: 0.1 }) };
}

describe('the activities of a track', () => {
  it('say of an utterance that it began, paused, went on, paused, ended, and is being transcribed', () => {
    const { activities, told } = activitiesOf();
    activities.started(UTTERANCE);
    activities.paused(UTTERANCE, 1_500);
    activities.resumed(UTTERANCE, 1_800);
    activities.paused(UTTERANCE, 2_500);
    activities.ended(UTTERANCE, { atMs: 2_700, cause: 'silence' });
    expect(told).toEqual([
      { type: 'utteranceStarted', segmentId: 'u', atMs: 1_000 },
      { type: 'turnDetectionStarted', segmentId: 'u', atMs: 1_500 },
      { type: 'turnDetectionStopped', segmentId: 'u', atMs: 1_800, outcome: 'resumed' },
      { type: 'turnDetectionStarted', segmentId: 'u', atMs: 2_500 },
      { type: 'turnDetectionStopped', segmentId: 'u', atMs: 2_700, outcome: 'ended' },
      { type: 'utteranceEnded', segmentId: 'u', atMs: 2_700, cause: 'silence' },
      { type: 'transcriptionStarted', segmentId: 'u', atMs: 2_700 },
    ]);
  });

  it.each(['forced', 'sentence', 'flush'] as const)('say of no turn that it ended where the cause is %s', (cause) => {
    const { activities, told } = activitiesOf();
    activities.ended(UTTERANCE, { atMs: 2_700, cause });
    expect(told.map(({ type }) => type)).toEqual(['utteranceEnded', 'transcriptionStarted']);
  });

  it('say of one that was no speech that it ended, and of no transcription', () => {
    const { activities, told } = activitiesOf();
    activities.discarded(UTTERANCE, 2_700);
    expect(told).toEqual([{ type: 'utteranceEnded', segmentId: 'u', atMs: 2_700, cause: 'silence' }]);
  });

  it('report the level of each frame only if diagnostics are wanted', () => {
    const { activities, told, frameAt } = activitiesOf();
    activities.recorded(UTTERANCE, frameAt(0));
    activities.setDiagnostics(true);
    activities.recorded(UTTERANCE, frameAt(FRAME));
    activities.setDiagnostics(false);
    activities.recorded(UTTERANCE, frameAt(2 * FRAME));
    expect(told).toEqual([
      { type: 'audioRecorded', segmentId: 'u', startMs: 2_032, endMs: 2_064, levelDb: expect.closeTo(-20, 3) },
    ]);
  });

  it('say once how the microphone is set, after three seconds of speech', () => {
    const { activities, told, frameAt } = activitiesOf();
    const pcm = Int16Array.from({ length: FRAME }, (_, at) => (at % 2 === 0 ? 3_000 : -3_000));
    const framesOf = (ms: number) => Math.ceil((ms * 16) / FRAME);
    for (let frame = 0; frame < framesOf(2_900); frame += 1) activities.spoken(frameAt(frame * FRAME), pcm);
    expect(told).toEqual([]);
    for (let frame = framesOf(2_900); frame < framesOf(9_000); frame += 1)
      activities.spoken(frameAt(frame * FRAME), pcm);
    expect(told).toMatchObject([{ type: 'microphoneChecked', level: 'good' }]);
  });
});
