import type {
  AudioLedger,
  NameSource,
  NotificationName,
  Notifications,
  ParticipantLedger,
  TrackState,
} from '@parley/client-sdk/protocol';
import type {
  BudgetLimit,
  MediaNode,
  NotTranscribed,
  PipelineEvent,
  RoomPipeline,
  SfuRoom,
  TrackActivity,
} from '@parley/media/node';
import { monotonicNowMs } from '@parley/media/process';
import type { SpeechSettings } from '@parley/media/settings';
import type { Meeting } from '../meetings/Meeting.js';
import type { Logger } from '../observability/logger.js';
import type { RoomObserver } from '../observability/RoomObserver.js';
import type { UncommittedSegment } from '../store/TranscriptStore.js';
import { segmentOf } from './segments.js';

/** The participant of a producer, kept until its last words are transcribed. */
interface Speaker {
  participantId: string;
  displayName: string;
  nameSource: NameSource;
  track: 'microphone';
  speaking: boolean;
  state: TrackState;
}

/** Somebody sends far more than a microphone does. `transport`: it is no packets of a track that can be told apart. */
export interface Flood {
  participantId: string;
  limit: BudgetLimit | 'transport';
}

export interface RoomTranscriberOptions {
  meeting: Meeting;
  media: MediaNode;
  sfu: SfuRoom;
  /** Of the room. */
  settings: SpeechSettings;
  logger: Logger;
  observer: RoomObserver;
  /** At most once a second for each track. */
  onFlood: (flood: Flood) => void;
  /** Notifies everyone in the room. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options?: TellOptions): void;
  now?: () => number;
}

export interface TellOptions {
  /** May be dropped for a slow client. */
  droppable?: boolean;
  /** Only for peers that subscribed to diagnostics. */
  diagnostics?: boolean;
  /** Only for this participant, who needs no right to read it. */
  only?: string;
  /** When what it contains was said: only for those who may read that. */
  saidAtMs?: number;
}

/** Maximum number of utterances that have ended but have no final yet. */
const MAX_ENDED = 1_000;

/**
 * From a room's producers to its meeting's transcript: adds the participant to what the pipeline returns, commits finals and gaps, and
 * notifies the room. Commit, then emit, one at a time, so that `seq` arrives in order.
 */
export class RoomTranscriber {
  readonly #options: RoomTranscriberOptions;
  readonly #pipeline: RoomPipeline;
  readonly #speakers = new Map<string, Speaker>();
  readonly #now: () => number;
  /** When the VAD decided that an utterance was over, by segment. */
  readonly #endedAtMs = new Map<string, number>();
  #asking: Promise<ParticipantLedger[]> | undefined;

  constructor(options: RoomTranscriberOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicNowMs;
    this.#pipeline = options.media.createPipeline({
      sfu: options.sfu,
      settings: options.settings,
      onEvent: (event) => this.#onEvent(event),
      onNotHeard: ({ trackId, error }) => {
        const { logger, meeting } = options;
        const { meetingId } = meeting;
        if (trackId === undefined) {
          logger.warn({ err: error, meetingId }, 'cannot receive the audio of a room; retrying');
          return;
        }
        const participantId = this.#speakers.get(trackId)?.participantId;
        logger.warn({ err: error, participantId }, 'cannot receive the audio of a track; retrying');
      },
    });
  }

  /** @throws ProcessError if there is no media worker, SfuError if the tap cannot be opened */
  async open(): Promise<void> {
    const { meetingId, elapsedMs } = this.#options.meeting;
    await this.#pipeline.open({ meetingId, meetingMs: elapsedMs });
  }

  get trackCount(): number {
    return this.#speakers.size;
  }

  isSpeaking(producerId: string): boolean {
    return this.#speakers.get(producerId)?.speaking === true;
  }

  stateOf(producerId: string): TrackState | undefined {
    return this.#speakers.get(producerId)?.state;
  }

  /** Sets the room's settings, for tracks without their own. */
  updateSettings(settings: SpeechSettings): void {
    this.#pipeline.settingsChanged(settings);
  }

  /** Sets a track's own settings; undefined: the room's. */
  updateTrack(options: { producerId: string; settings: SpeechSettings | undefined }): void {
    this.#pipeline.setTrackSettings({ trackId: options.producerId, settings: options.settings });
  }

  setDiagnostics(on: boolean): void {
    this.#pipeline.setDiagnostics(on);
  }

  /** The current ledgers of all participants. Simultaneous calls share one request. */
  ledgers(): Promise<ParticipantLedger[]> {
    this.#asking ??= this.#askForLedgers().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askForLedgers(): Promise<ParticipantLedger[]> {
    try {
      for (const { trackId, ledger } of await this.#pipeline.ledgers()) {
        const speaker = this.#speakers.get(trackId);
        if (speaker !== undefined) this.#account({ producerId: trackId, speaker, ledger });
      }
    } catch (error) {
      // The last known ledgers are at most a few seconds old.
      this.#options.logger.debug({ err: error }, 'the media worker did not return its ledgers');
    }
    return this.#options.meeting.ledgers.all;
  }

  /** Starts transcribing a producer. */
  async add(options: {
    producerId: string;
    participantId: string;
    displayName: string;
    nameSource: NameSource;
    track: 'microphone';
    muted: boolean;
    /** Why nothing of it is decoded or kept; undefined: it is. */
    notTranscribed?: NotTranscribed | undefined;
    /** Own settings, if different from the room's. */
    settings: SpeechSettings | undefined;
  }): Promise<void> {
    const { producerId, participantId, displayName, nameSource, track, muted, notTranscribed } = options;
    this.#speakers.set(producerId, {
      participantId,
      displayName,
      nameSource,
      track,
      speaking: false,
      state: 'inactive',
    });
    const own = {
      ...(options.settings === undefined ? {} : { settings: options.settings }),
      ...(notTranscribed === undefined ? {} : { notTranscribed }),
    };
    const epoch = this.#options.meeting.nextEpoch();
    await this.#pipeline.addTrack({ trackId: producerId, participantId, name: track, epoch, muted, ...own });
  }

  async setMuted(options: { producerId: string; muted: boolean }): Promise<void> {
    await this.#pipeline.setMuted({ trackId: options.producerId, muted: options.muted });
  }

  /** Resolves when it holds. @param options.reason why nothing of the producer is decoded or kept from now on; undefined: it is */
  async setNotTranscribed(options: { producerId: string; reason: NotTranscribed | undefined }): Promise<void> {
    await this.#pipeline.setNotTranscribed({ trackId: options.producerId, reason: options.reason });
  }

  /** Stops transcribing a producer; its last words are still transcribed, under the right name. */
  remove(producerId: string): void {
    this.#pipeline
      .removeTrack(producerId)
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'could not drain a track'))
      .finally(() => {
        // Its last final may still be on its way to the store.
        void this.#options.meeting.transcript.settled().then(() => this.#forget(producerId));
      });
  }

  /** The room's media moved to another router. */
  attach(sfu: SfuRoom): Promise<void> {
    return this.#pipeline.attach(sfu);
  }

  /** Resolves when everything that was said is committed. The meeting may continue without this room. */
  async close(): Promise<void> {
    try {
      await this.#pipeline.close();
    } finally {
      await this.#options.meeting.transcript.flush();
    }
  }

  #alsoHeardFrom(event: PipelineEvent): { participantId: string; displayName: string } | undefined {
    if (event.type !== 'final' || event.alsoOnTrackId === undefined) return undefined;
    const other = this.#speakers.get(event.alsoOnTrackId);
    return other === undefined ? undefined : { participantId: other.participantId, displayName: other.displayName };
  }

  #forget(producerId: string): void {
    const speaker = this.#speakers.get(producerId);
    if (speaker === undefined) return;
    this.#speakers.delete(producerId);
    const change = this.#options.meeting.ledgers.end({ producerId, ...speaker });
    if (change !== undefined) this.#options.observer.audio(change);
  }

  #onEvent(event: PipelineEvent): void {
    const speaker = this.#speakers.get(event.trackId);
    if (speaker === undefined) {
      return;
    }
    const { meeting, tellAll, observer } = this.#options;
    const { meetingId } = meeting;
    const { participantId, track } = speaker;
    switch (event.type) {
      case 'speechStarted':
      case 'speechEnded':
        speaker.speaking = event.type === 'speechStarted';
        tellAll(event.type, { participantId, track, atMs: event.atMs });
        return;
      case 'budgetExceeded':
        this.#options.onFlood({ participantId, limit: event.limit });
        return;
      case 'utteranceOpened':
        return;
      case 'interimUpdated': {
        const segment = segmentOf({ event, speaker, meetingId });
        const { queuedMs, engineMs } = event.hypothesis;
        observer.interim({ queuedMs, engineMs });
        if (this.#isDeleted(segment)) return;
        const how = { droppable: true, saidAtMs: segment.startMs };
        tellAll('interimUpdated', { segment: { ...segment, status: 'interim' } }, how);
        return;
      }
      case 'interimRetracted':
        this.#endedAtMs.delete(event.segmentId);
        tellAll('interimRetracted', { segmentId: event.segmentId });
        return;
      case 'final':
      case 'gap':
        if (event.type === 'gap' && event.unheard === true) this.#accountUnheard(speaker, event);
        this.#commit({
          event,
          segment: {
            ...segmentOf({ event, speaker, alsoHeardFrom: this.#alsoHeardFrom(event), meetingId }),
            status: event.type,
          },
        });
        return;
      case 'trackStateChanged':
        speaker.state = event.state;
        tellAll('trackStateChanged', { participantId, track, state: event.state });
        return;
      case 'trackActivity':
        this.#onActivity(speaker, event.activity);
        return;
      case 'ledgerUpdated': {
        const ledger = this.#account({ producerId: event.trackId, speaker, ledger: event.ledger });
        tellAll('ledgerUpdated', { participantId, track, ledger }, { droppable: true });
      }
    }
  }

  #onActivity(speaker: Speaker, activity: TrackActivity): void {
    const { participantId, track } = speaker;
    if (activity.type === 'utteranceEnded' && activity.cause === 'silence') {
      this.#endedAtMs.set(activity.segmentId, this.#now());
      const [oldest] = this.#endedAtMs.keys();
      if (this.#endedAtMs.size > MAX_ENDED && oldest !== undefined) this.#endedAtMs.delete(oldest);
    }
    const diagnostics = activity.type === 'stabilized' || activity.type === 'audioRecorded';
    this.#options.tellAll(
      'trackActivity',
      { participantId, track, activity },
      {
        ...(diagnostics ? { diagnostics: true, droppable: true } : {}),
        // The level of a microphone only concerns its participant.
        ...(activity.type === 'microphoneChecked' ? { only: participantId } : {}),
      },
    );
  }

  /** @returns the participant's ledger */
  #account(options: { producerId: string; speaker: Speaker; ledger: AudioLedger }): AudioLedger {
    const { producerId, speaker } = options;
    const { participantId, track } = speaker;
    const { ledger, change } = this.#options.meeting.ledgers.update({
      producerId,
      participantId,
      track,
      ledger: options.ledger,
    });
    this.#options.observer.audio(change);
    return ledger;
  }

  #accountUnheard(speaker: Speaker, { trackId, segment, reason }: Extract<PipelineEvent, { type: 'gap' }>): void {
    const { participantId, track } = speaker;
    const ms = segment.endMs - segment.startMs;
    const { ledger, change } = this.#options.meeting.ledgers.unheard({
      producerId: trackId,
      participantId,
      track,
      ms,
      reason,
    });
    this.#options.observer.audio(change);
    this.#options.tellAll('ledgerUpdated', { participantId, track, ledger }, { droppable: true });
  }

  /** Whether a moderator has deleted the transcript since it was said. */
  #isDeleted({ startMs }: { startMs: number }): boolean {
    return startMs < this.#options.meeting.beginning.fromMs;
  }

  #commit(options: { event: Extract<PipelineEvent, { type: 'final' | 'gap' }>; segment: UncommittedSegment }): void {
    const { event, segment } = options;
    const { meeting, observer } = this.#options;
    const endedAtMs = this.#endedAtMs.get(segment.id);
    this.#endedAtMs.delete(segment.id);
    if (this.#isDeleted(segment)) {
      this.#options.tellAll('interimRetracted', { segmentId: segment.id });
      return;
    }
    meeting.transcript.commit(segment, (committed) => {
      if (committed !== undefined && !this.#isDeleted(committed)) {
        this.#options.tellAll('segmentCommitted', { segment: committed }, { saidAtMs: committed.startMs });
      }
      if (event.type === 'gap' || committed?.status !== 'final') {
        observer.gap(event.type === 'gap' ? event.reason : 'notStored');
      } else {
        const { queuedMs, engineMs } = event.hypothesis;
        const vadEndToFinalMs = endedAtMs === undefined ? undefined : this.#now() - endedAtMs;
        observer.final({ queuedMs, engineMs, vadEndToFinalMs, corrections: event.committedCorrections });
      }
    });
  }
}
