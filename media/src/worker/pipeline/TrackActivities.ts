import { dbfs } from '../audio/index.js';
import type { TrackActivity } from '../contract/messages.js';
import { MicrophoneCheck, type SegmentCause, VAD_FRAME_SAMPLES } from '../speech/index.js';
import type { Timeline } from './Timeline.js';
import type { Utterance } from './Utterance.js';

export interface TrackActivitiesOptions {
  onActivity: (activity: TrackActivity) => void;
}

type Reported = Pick<Utterance, 'id' | 'startMs'>;

/** One VAD frame, and its place. */
interface Frame {
  timeline: Timeline;
  startSample: number;
  rms: number;
}

const SAMPLES_PER_MS = 16;
/** Activities of every frame and every interim, sent only on request. */
const FREQUENT: ReadonlySet<TrackActivity['type']> = new Set(['audioRecorded', 'stabilized']);

/** Reports what happens to a track, to show or to log it. */
export class TrackActivities {
  readonly #options: TrackActivitiesOptions;
  readonly #microphone = new MicrophoneCheck();
  #diagnostics = false;

  constructor(options: TrackActivitiesOptions) {
    this.#options = options;
  }

  /** Whether the frequent activities are wanted. Default: no. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
  }

  report(activity: TrackActivity): void {
    if (this.#diagnostics || !FREQUENT.has(activity.type)) this.#options.onActivity(activity);
  }

  started({ id: segmentId, startMs: atMs }: Reported): void {
    this.report({ type: 'utteranceStarted', segmentId, atMs });
  }

  /** Silence within an utterance. */
  paused({ id: segmentId }: Reported, atMs: number): void {
    this.report({ type: 'turnDetectionStarted', segmentId, atMs });
  }

  resumed({ id: segmentId }: Reported, atMs: number): void {
    this.report({ type: 'turnDetectionStopped', segmentId, atMs, outcome: 'resumed' });
  }

  /** Its final is requested. */
  ended({ id: segmentId }: Reported, { atMs, cause }: { atMs: number; cause: SegmentCause }): void {
    if (cause === 'silence') this.report({ type: 'turnDetectionStopped', segmentId, atMs, outcome: 'ended' });
    this.report({ type: 'utteranceEnded', segmentId, atMs, cause });
    this.report({ type: 'transcriptionStarted', segmentId, atMs });
  }

  /** It was no speech. */
  discarded({ id: segmentId }: Reported, atMs: number): void {
    this.report({ type: 'utteranceEnded', segmentId, atMs, cause: 'silence' });
  }

  /** A frame of an utterance. */
  recorded({ id: segmentId }: Reported, { timeline, startSample, rms }: Frame): void {
    const startMs = timeline.msOf(startSample);
    const endMs = startMs + VAD_FRAME_SAMPLES / SAMPLES_PER_MS;
    this.report({ type: 'audioRecorded', segmentId, startMs, endMs, levelDb: dbfs(rms) });
  }

  /** A frame of confirmed speech of the participant: reports the microphone's level when it is known or changes. */
  spoken({ timeline, startSample }: Frame, pcm: Int16Array): void {
    const reading = this.#microphone.push(pcm);
    if (reading === undefined) return;
    this.report({ type: 'microphoneChecked', ...reading, atMs: timeline.msOf(startSample + VAD_FRAME_SAMPLES) });
  }
}
