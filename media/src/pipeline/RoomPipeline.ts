import { monotonicNowMs } from '../process/clock.js';
import { ProcessError } from '../process/index.js';
import type { SfuRoom } from '../sfu/index.js';
import type { ReadingProfile } from '../speech/reading.js';
import type { SpeechSettings } from '../speech/settings.js';
import type { MediaWorker, MediaWorkerPool, MediaWorkerRoom } from './MediaWorkerPool.js';
import type { AudioLedgerTotals, PipelineEvent, PipelineSegment, SpeakerDescription } from './messages.js';

export interface RoomPipelineOptions {
  workers: MediaWorkerPool;
  sfu: SfuRoom;
  settings: SpeechSettings;
  /** Longest audio of one recognition request, as the model of the moment has it. */
  longestWindowMs: () => number;
  /** Of the model that makes finals; default: `DEFAULT_READING`. */
  reading?: Partial<ReadingProfile> | undefined;
  onEvent: (event: PipelineEvent) => void;
}

/** A producer to listen to; the SFU adds how it arrives. */
export type SpeakerOptions = Omit<SpeakerDescription, 'ssrc' | 'payloadType'>;

interface OpenSegment {
  speakerId: string;
  segment: PipelineSegment;
  /** An interim was told, so that a retraction must be told too. */
  shown: boolean;
}

/** Last words wait for the recogniser this long at most. */
const DRAIN_TIMEOUT_MS = 70_000;

/**
 * One room's way from the SFU to text, seen from the server process: opens the tap, tells the media worker who is who, and
 * hands its events on. When the media worker dies, everything is set up again on its successor, and each utterance that was
 * open becomes a gap: nothing is lost silently.
 */
export class RoomPipeline implements MediaWorkerRoom {
  readonly #options: RoomPipelineOptions;
  readonly #worker: MediaWorker;
  readonly #speakers = new Map<string, SpeakerOptions>();
  readonly #openSegments = new Map<string, OpenSegment>();
  /** What each speaker was heard to speak last. */
  readonly #languages = new Map<string, string>();
  #sfu: SfuRoom;
  #settings: SpeechSettings;
  #diagnostics = false;
  #roomId = '';
  #meetingStartedAtMs = 0;
  /** Set-up steps, one after the other. */
  #setUp: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RoomPipelineOptions) {
    this.#options = options;
    this.#sfu = options.sfu;
    this.#settings = options.settings;
    this.#worker = options.workers.place();
  }

  /** @throws ProcessError when no media worker is there, SfuError when the tap cannot be opened */
  async open(options: { roomId: string; meetingStartedAtMs: number }): Promise<void> {
    this.#roomId = options.roomId;
    this.#meetingStartedAtMs = options.meetingStartedAtMs;
    await this.#connect();
    this.#worker.rooms.set(this.#roomId, this);
  }

  /** The room's media is on another router now. Speakers of the old one must have been removed. */
  async attach(sfu: SfuRoom): Promise<void> {
    this.#sfu = sfu;
    await this.#queue(async () => {
      const { port } = await this.#worker.process.request('reopenRoom', { payload: { roomId: this.#roomId } });
      const tap = await this.#sfu.openTap({ port });
      await this.#worker.process.request('connectRoom', {
        payload: { roomId: this.#roomId, remotePort: tap.port },
      });
    });
  }

  async addSpeaker(speaker: SpeakerOptions): Promise<void> {
    this.#speakers.set(speaker.speakerId, speaker);
    await this.#queue(() => this.#tap(speaker));
  }

  /** Closes the open utterance on mute, so that the last word before it is not late. */
  async setMuted(options: { speakerId: string; muted: boolean }): Promise<void> {
    const speaker = this.#speakers.get(options.speakerId);
    if (speaker === undefined) return;
    speaker.muted = options.muted;
    const payload = { roomId: this.#roomId, ...options };
    await this.#queue(() => this.#ask(() => this.#worker.process.request('setMuted', { payload })));
  }

  /** Resolves when everything that this speaker said is text or a gap. */
  async removeSpeaker(speakerId: string): Promise<void> {
    if (!this.#speakers.delete(speakerId)) return;
    this.#languages.delete(speakerId);
    // Behind the set-up that may still be adding it, but nobody waits behind its last words.
    await this.#setUp.catch(() => {});
    const payload = { roomId: this.#roomId, speakerId };
    await this.#ask(() => this.#worker.process.request('removeSpeaker', { payload, timeoutMs: DRAIN_TIMEOUT_MS }));
  }

  /** New settings of the room, for all speakers without settings of their own. They work at once. */
  settingsChanged(settings: SpeechSettings): void {
    this.#settings = settings;
    this.#worker.process.send({
      type: 'settingsChanged',
      roomId: this.#roomId,
      settings,
      longestWindowMs: this.#options.longestWindowMs(),
    });
  }

  /** One speaker's own settings; undefined: those of the room again. They work at once. */
  setSpeakerSettings({ speakerId, settings }: { speakerId: string; settings: SpeechSettings | undefined }): void {
    const speaker = this.#speakers.get(speakerId);
    if (speaker === undefined) return;
    if (settings === undefined) delete speaker.settings;
    else speaker.settings = settings;
    const own = settings === undefined ? {} : { settings };
    this.#worker.process.send({ type: 'speakerSettingsChanged', roomId: this.#roomId, speakerId, ...own });
  }

  /** Whether somebody listens to the activities `stabilized` and `audioRecorded`. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
    this.#worker.process.send({ type: 'diagnosticsChanged', roomId: this.#roomId, on });
  }

  /** The books of everybody who is listened to now. */
  async ledgers(): Promise<{ speakerId: string; ledger: AudioLedgerTotals }[]> {
    const { ledgers } = await this.#worker.process.request('ledgers', { payload: { roomId: this.#roomId } });
    return ledgers;
  }

  /** Drains all speakers, then forgets the room. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#setUp.catch(() => {});
    const payload = { roomId: this.#roomId };
    await this.#ask(() => this.#worker.process.request('closeRoom', { payload, timeoutMs: DRAIN_TIMEOUT_MS }));
    this.#worker.rooms.delete(this.#roomId);
    this.#sfu.closeTap();
  }

  onEvent(event: PipelineEvent): void {
    switch (event.type) {
      case 'opened':
        this.#openSegments.set(event.segment.id, { speakerId: event.speakerId, segment: event.segment, shown: false });
        break;
      case 'interim': {
        const open = this.#openSegments.get(event.segment.id);
        if (open !== undefined) Object.assign(open, { segment: event.segment, shown: true });
        break;
      }
      case 'final':
      case 'gap':
        this.#openSegments.delete(event.segment.id);
        this.#rememberLanguage(event);
        break;
      case 'retracted': {
        const shown = this.#openSegments.get(event.segmentId)?.shown === true;
        this.#openSegments.delete(event.segmentId);
        if (!shown) return;
        break;
      }
      default:
        break;
    }
    this.#options.onEvent(event);
  }

  onLost(): void {
    const endMs = monotonicNowMs() - this.#meetingStartedAtMs;
    for (const { speakerId, segment } of this.#openSegments.values()) {
      this.#options.onEvent({
        roomId: this.#roomId,
        speakerId,
        type: 'gap',
        segment: { ...segment, endMs: Math.max(segment.endMs, endMs), revision: segment.revision + 1 },
        reason: 'mediaWorkerLost',
        language: this.#languageOf(speakerId),
      });
    }
    this.#openSegments.clear();
    for (const speakerId of this.#speakers.keys()) {
      this.#options.onEvent({ roomId: this.#roomId, speakerId, type: 'speechEnded', atMs: endMs });
    }
    this.#sfu.closeTap();
  }

  onRestored(): void {
    this.#queue(async () => {
      await this.#connect();
      for (const speaker of this.#speakers.values()) await this.#tap(speaker);
    }).catch(() => {
      // The worker died again on the way; its next `ready` comes here once more.
    });
  }

  async #connect(): Promise<void> {
    const { process } = this.#worker;
    const roomId = this.#roomId;
    const { port } = await process.request('openRoom', {
      payload: {
        roomId,
        meetingStartedAtMs: this.#meetingStartedAtMs,
        settings: this.#settings,
        longestWindowMs: this.#options.longestWindowMs(),
        reading: this.#options.reading,
      },
    });
    const tap = await this.#sfu.openTap({ port });
    await process.request('connectRoom', { payload: { roomId, remotePort: tap.port } });
    if (this.#diagnostics) this.setDiagnostics(true);
  }

  async #tap(speaker: SpeakerOptions): Promise<void> {
    if (!this.#speakers.has(speaker.speakerId)) return;
    const { consumerId, ssrc, payloadType } = await this.#sfu.tapProducer(speaker.speakerId);
    await this.#worker.process.request('addSpeaker', {
      payload: { roomId: this.#roomId, speaker: { ...speaker, ssrc, payloadType } },
    });
    await this.#sfu.resumeTap(consumerId);
  }

  #rememberLanguage(event: Extract<PipelineEvent, { type: 'final' | 'gap' }>): void {
    const language = event.type === 'gap' ? event.language : event.hypothesis.language;
    if (language !== '' && this.#speakers.has(event.speakerId)) this.#languages.set(event.speakerId, language);
  }

  /** As heard last, or as it was set. */
  #languageOf(speakerId: string): string {
    const { language } = this.#speakers.get(speakerId)?.settings ?? this.#settings;
    if (language !== 'auto' && language !== 'per-segment') return language;
    return this.#languages.get(speakerId) ?? '';
  }

  /** Asks a worker that may be gone: its successor is told the state anew, so that nothing has to be done about it here. */
  async #ask(question: () => Promise<unknown>): Promise<void> {
    try {
      await question();
    } catch (error) {
      if (!(error instanceof ProcessError) || error.code === 'REQUEST_FAILED') throw error;
    }
  }

  #queue(step: () => Promise<void>): Promise<void> {
    const done = this.#setUp.catch(() => {}).then(step);
    this.#setUp = done;
    return done;
  }
}
