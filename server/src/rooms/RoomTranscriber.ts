import type { CommittedSegment, NotificationName, Notifications } from '@parley/client-sdk/protocol';
import type { MediaNode, PipelineEvent, RoomPipeline, SfuRoom } from '@parley/media';
import type { Logger } from '../observability/logger.js';
import type { TranscriptLog } from '../transcripts/TranscriptLog.js';
import { segmentOf } from './segments.js';

/** Whose voice a producer carries, kept until its last words are text. */
interface Speaker {
  participantId: string;
  displayName: string;
  track: 'microphone';
  speaking: boolean;
}

export interface RoomTranscriberOptions {
  meetingId: string;
  media: MediaNode;
  sfu: SfuRoom;
  transcript: TranscriptLog;
  logger: Logger;
  /** Tells everybody in the room. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options?: { droppable?: boolean }): void;
}

/**
 * From a room's producers to its transcript: names who is to be heard, puts the name on what comes back, commits finals and gaps,
 * and tells the room. Commit, then emit, one after the other, so that `seq` reaches everybody in order.
 */
export class RoomTranscriber {
  readonly #options: RoomTranscriberOptions;
  readonly #pipeline: RoomPipeline;
  readonly #speakers = new Map<string, Speaker>();
  /** Producers so far: part of segment ids, so that no two producers of a meeting share one. */
  #epoch = 0;
  #commits: Promise<void> = Promise.resolve();

  constructor(options: RoomTranscriberOptions) {
    this.#options = options;
    this.#pipeline = options.media.createPipeline({
      sfu: options.sfu,
      onEvent: (event) => this.#onEvent(event),
    });
  }

  /** @throws ProcessError when no media worker is there, SfuError when the tap cannot be opened */
  async open(options: { meetingStartedAtMs: number }): Promise<void> {
    await this.#pipeline.open({ roomId: this.#options.meetingId, ...options });
  }

  get speakerCount(): number {
    return this.#speakers.size;
  }

  isSpeaking(producerId: string): boolean {
    return this.#speakers.get(producerId)?.speaking === true;
  }

  /** Listens to a producer from now on. People hear each other also when this fails, so it is logged, not thrown. */
  async add(options: {
    producerId: string;
    participantId: string;
    displayName: string;
    track: 'microphone';
    muted: boolean;
  }): Promise<void> {
    const { producerId, participantId, displayName, track, muted } = options;
    this.#speakers.set(producerId, { participantId, displayName, track, speaking: false });
    this.#epoch += 1;
    try {
      await this.#pipeline.addSpeaker({ speakerId: producerId, participantId, track, epoch: this.#epoch, muted });
    } catch (error) {
      this.#options.logger.error({ err: error, participantId }, 'a speaker is not transcribed');
    }
  }

  async setMuted(options: { producerId: string; muted: boolean }): Promise<void> {
    await this.#pipeline.setMuted({ speakerId: options.producerId, muted: options.muted });
  }

  /** Stops listening; the last words still become text, under the right name. */
  remove(producerId: string): void {
    this.#pipeline
      .removeSpeaker(producerId)
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'a speaker was not drained'))
      .finally(() => {
        // Its last final may still be on its way into the log.
        this.#commits = this.#commits.then(() => {
          this.#speakers.delete(producerId);
        });
      });
  }

  /** The room's media is on another router now. */
  attach(sfu: SfuRoom): Promise<void> {
    return this.#pipeline.attach(sfu);
  }

  /** Resolves when everything that was said is committed. */
  async close(): Promise<void> {
    await this.#pipeline.close();
    await this.#commits;
  }

  #onEvent(event: PipelineEvent): void {
    const speaker = this.#speakers.get(event.speakerId);
    if (speaker === undefined) {
      return;
    }
    const { meetingId, tellAll } = this.#options;
    const { participantId, track } = speaker;
    switch (event.type) {
      case 'speechStarted':
      case 'speechEnded':
        speaker.speaking = event.type === 'speechStarted';
        tellAll(event.type, { participantId, track, atMs: event.atMs });
        return;
      case 'opened':
        return;
      case 'interim': {
        const segment = segmentOf({ event, speaker, meetingId });
        tellAll('interimUpdated', { segment: { ...segment, status: 'interim' } }, { droppable: true });
        return;
      }
      case 'retracted':
        tellAll('interimRetracted', { segmentId: event.segmentId });
        return;
      case 'final':
      case 'gap':
        this.#commit({ ...segmentOf({ event, speaker, meetingId }), status: event.type });
    }
  }

  #commit(segment: Omit<CommittedSegment, 'seq'>): void {
    this.#commits = this.#commits
      .then(async () => {
        const committed = await this.#options.transcript.append(segment);
        this.#options.tellAll('segmentCommitted', { segment: committed });
      })
      .catch((error: unknown) => this.#options.logger.error({ err: error }, 'a segment could not be committed'));
  }
}
