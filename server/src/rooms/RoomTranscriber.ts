import type {
  AudioLedger,
  NotificationName,
  Notifications,
  ParticipantLedger,
  TrackState,
} from '@parley/client-sdk/protocol';
import type { BudgetLimit, MediaNode, PipelineEvent, RoomPipeline, SfuRoom, TrackActivity } from '@parley/media/node';
import { monotonicNowMs } from '@parley/media/process';
import type { SpeechSettings } from '@parley/media/settings';
import type { Meeting } from '../meetings/Meeting.js';
import type { Logger } from '../observability/logger.js';
import type { RoomObserver } from '../observability/RoomObserver.js';
import type { UncommittedSegment } from '../store/TranscriptStore.js';
import { segmentOf } from './segments.js';

/** Whose voice a producer carries, kept until its last words are text. */
interface Speaker {
  participantId: string;
  displayName: string;
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
  /** At most once a second for each of their tracks. */
  onFlood: (flood: Flood) => void;
  /** Tells everybody in the room. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options?: TellOptions): void;
  now?: () => number;
}

export interface TellOptions {
  /** May be left out for a client that is slow. */
  droppable?: boolean;
  /** Only to those who asked for diagnostics. */
  diagnostics?: boolean;
  /** Only to this participant, who need no right to know it. */
  only?: string;
}

/** Utterances whose end is known and whose final is not, at most. */
const MAX_ENDED = 1_000;

/**
 * From a room's producers to its meeting's transcript: names who is to be heard, puts the name on what comes back, commits finals and
 * gaps, and tells the room. Commit, then emit, one after the other, so that `seq` reaches everybody in order.
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
          logger.warn({ err: error, meetingId }, 'a room is not listened to; it is tried again until it is');
          return;
        }
        const participantId = this.#speakers.get(trackId)?.participantId;
        logger.warn({ err: error, participantId }, 'a speaker is not listened to; it is tried again until they are');
      },
    });
  }

  /** @throws ProcessError when no media worker is there, SfuError when the tap cannot be opened */
  async open(): Promise<void> {
    const { meetingId, startedAtMonotonicMs } = this.#options.meeting;
    await this.#pipeline.open({ meetingId: meetingId, meetingStartedAtMs: startedAtMonotonicMs });
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

  /** The room's settings from now on, for all speakers without their own. */
  updateSettings(settings: SpeechSettings): void {
    this.#pipeline.settingsChanged(settings);
  }

  /** One speaker's own settings from now on; undefined: the room's. */
  updateTrack(options: { producerId: string; settings: SpeechSettings | undefined }): void {
    this.#pipeline.setTrackSettings({ trackId: options.producerId, settings: options.settings });
  }

  setDiagnostics(on: boolean): void {
    this.#pipeline.setDiagnostics(on);
  }

  /** The books of everybody as they stand now. Those who ask at once are answered together. */
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
      // The last that was told is a few seconds old at most.
      this.#options.logger.debug({ err: error }, 'the media worker did not tell its ledgers');
    }
    return this.#options.meeting.ledgers.all;
  }

  /** Listens to a producer from now on. */
  async add(options: {
    producerId: string;
    participantId: string;
    displayName: string;
    track: 'microphone';
    muted: boolean;
    /** Where they differ from the room's. */
    settings: SpeechSettings | undefined;
  }): Promise<void> {
    const { producerId, participantId, displayName, track, muted } = options;
    this.#speakers.set(producerId, { participantId, displayName, track, speaking: false, state: 'inactive' });
    const own = options.settings === undefined ? {} : { settings: options.settings };
    const epoch = this.#options.meeting.nextEpoch();
    await this.#pipeline.addTrack({ trackId: producerId, participantId, name: track, epoch, muted, ...own });
  }

  async setMuted(options: { producerId: string; muted: boolean }): Promise<void> {
    await this.#pipeline.setMuted({ trackId: options.producerId, muted: options.muted });
  }

  /** Stops listening; the last words still become text, under the right name. */
  remove(producerId: string): void {
    this.#pipeline
      .removeTrack(producerId)
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'a speaker was not drained'))
      .finally(() => {
        // Its last final may still be on its way into the store.
        void this.#options.meeting.transcript.settled().then(() => this.#forget(producerId));
      });
  }

  /** The room's media is on another router now. */
  attach(sfu: SfuRoom): Promise<void> {
    return this.#pipeline.attach(sfu);
  }

  /** Resolves when everything that was said is committed; the meeting may go on without this room. */
  async close(): Promise<void> {
    try {
      await this.#pipeline.close();
    } finally {
      await this.#options.meeting.transcript.flush();
    }
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
        tellAll('interimUpdated', { segment: { ...segment, status: 'interim' } }, { droppable: true });
        return;
      }
      case 'interimRetracted':
        this.#endedAtMs.delete(event.segmentId);
        tellAll('interimRetracted', { segmentId: event.segmentId });
        return;
      case 'final':
      case 'gap':
        if (event.type === 'gap' && event.unheard === true) this.#accountUnheard(speaker, event);
        this.#commit({ event, segment: { ...segmentOf({ event, speaker, meetingId }), status: event.type } });
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
        // How somebody's microphone is set is theirs to know, and to mend.
        ...(activity.type === 'microphoneChecked' ? { only: participantId } : {}),
      },
    );
  }

  /** @returns the participant's books */
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

  #commit(options: { event: Extract<PipelineEvent, { type: 'final' | 'gap' }>; segment: UncommittedSegment }): void {
    const { event, segment } = options;
    const { meeting, observer } = this.#options;
    const endedAtMs = this.#endedAtMs.get(segment.id);
    this.#endedAtMs.delete(segment.id);
    meeting.transcript.commit(segment, (committed) => {
      if (committed !== undefined) this.#options.tellAll('segmentCommitted', { segment: committed });
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
