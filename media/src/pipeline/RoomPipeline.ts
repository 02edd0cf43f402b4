import { ProcessError } from '../process/index.js';
import { type CancelTimer, systemTime, type TimeSource } from '../process/TimeSource.js';
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
  /** Somebody cannot be listened to, however often it was tried; a gap tells the room. */
  onNotHeard?: (failure: { speakerId: string; error: unknown }) => void;
  time?: TimeSource;
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
/** What could not be set up is tried again after waits that double: for 8 s in all. */
const RETRY = { attempts: 6, firstMs: 250 };
/** Of the timer of a whole room among those of its speakers, whose ids are not empty. */
const ROOM = '';

/**
 * One room's way from the SFU to text, seen from the server process: opens the tap, tells the media worker who is who, and
 * hands its events on. When the media worker dies, everything is set up again on its successor, and each utterance that was
 * open becomes a gap, as does the time of somebody who cannot be listened to: nothing is lost silently.
 */
export class RoomPipeline implements MediaWorkerRoom {
  readonly #options: RoomPipelineOptions;
  readonly #worker: MediaWorker;
  readonly #speakers = new Map<string, SpeakerOptions>();
  readonly #openSegments = new Map<string, OpenSegment>();
  /** What each speaker was heard to speak last. */
  readonly #languages = new Map<string, string>();
  /** Since when nothing has been heard of whoever is not tapped, in milliseconds of the meeting. */
  readonly #unheardSinceMs = new Map<string, number>();
  /** What is going to be tried again, by speaker or for the whole room. */
  readonly #retries = new Map<string, CancelTimer>();
  readonly #time: TimeSource;
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
    this.#time = options.time ?? systemTime;
    this.#sfu = options.sfu;
    this.#settings = options.settings;
    this.#worker = options.workers.place();
  }

  /** @throws ProcessError when no media worker is there, SfuError when the tap cannot be opened */
  async open(options: { roomId: string; meetingStartedAtMs: number }): Promise<void> {
    this.#roomId = options.roomId;
    this.#meetingStartedAtMs = options.meetingStartedAtMs;
    try {
      await this.#connect('openRoom');
    } catch (error) {
      // The worker may have it already, and nobody else would close it.
      this.#worker.process.request('closeRoom', { payload: { roomId: this.#roomId } }).catch(() => {});
      throw error;
    }
    this.#worker.rooms.set(this.#roomId, this);
  }

  /** The room's media is on another router now. Speakers of the old one must have been removed. */
  async attach(sfu: SfuRoom): Promise<void> {
    this.#sfu = sfu;
    await this.#queue(async () => {
      try {
        await this.#connect('reopenRoom');
      } catch (error) {
        // A worker that has just been replaced does not know the room yet.
        if (!(error instanceof ProcessError) || error.code !== 'REQUEST_FAILED') throw error;
        await this.#connect('openRoom');
      }
    });
  }

  /** Where it fails, it is tried again for some time. */
  async addSpeaker(speaker: SpeakerOptions): Promise<void> {
    this.#speakers.set(speaker.speakerId, speaker);
    this.#unheardSinceMs.set(speaker.speakerId, this.#nowInMeeting());
    await this.#queue(async () => {
      const failure = await this.#tapOrRetry(speaker, 1);
      if (failure !== undefined) throw failure.error;
    });
  }

  /** Closes the open utterance on mute, so that the last word before it is not late. */
  async setMuted(options: { speakerId: string; muted: boolean }): Promise<void> {
    const speaker = this.#speakers.get(options.speakerId);
    if (speaker === undefined) return;
    speaker.muted = options.muted;
    // Somebody who was given up, and now is going to speak.
    if (!speaker.muted && this.#unheardSinceMs.has(speaker.speakerId) && !this.#retries.has(speaker.speakerId)) {
      this.#unheardSinceMs.set(speaker.speakerId, this.#nowInMeeting());
      this.#later(speaker.speakerId, 0, () => this.#tapOrRetry(speaker, 1));
    }
    const payload = { roomId: this.#roomId, ...options };
    await this.#queue(() => this.#ask(() => this.#worker.process.request('setMuted', { payload })));
  }

  /** Resolves when everything that this speaker said is text or a gap. */
  async removeSpeaker(speakerId: string): Promise<void> {
    if (!this.#speakers.delete(speakerId)) return;
    this.#unheardSinceMs.delete(speakerId);
    this.#cancelRetry(speakerId);
    // Behind the set-up that may still be adding it, but nobody waits behind its last words.
    await this.#setUp.catch(() => {});
    const payload = { roomId: this.#roomId, speakerId };
    try {
      await this.#ask(() => this.#worker.process.request('removeSpeaker', { payload, timeoutMs: DRAIN_TIMEOUT_MS }));
    } finally {
      this.#giveUp((open) => open.speakerId === speakerId);
      this.#languages.delete(speakerId);
    }
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
    for (const key of [...this.#retries.keys()]) this.#cancelRetry(key);
    await this.#setUp.catch(() => {});
    const payload = { roomId: this.#roomId };
    try {
      await this.#ask(() => this.#worker.process.request('closeRoom', { payload, timeoutMs: DRAIN_TIMEOUT_MS }));
    } finally {
      this.#giveUp(() => true);
      this.#worker.rooms.delete(this.#roomId);
      this.#sfu.closeTap();
    }
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
    const endMs = this.#nowInMeeting();
    this.#giveUp(() => true);
    for (const key of [...this.#retries.keys()]) this.#cancelRetry(key);
    for (const speakerId of this.#speakers.keys()) {
      if (!this.#unheardSinceMs.has(speakerId)) this.#unheardSinceMs.set(speakerId, endMs);
      this.#options.onEvent({ roomId: this.#roomId, speakerId, type: 'speechEnded', atMs: endMs });
    }
    this.#sfu.closeTap();
  }

  onRestored(): void {
    this.#queue(() => this.#restore(1)).catch(() => {});
  }

  /** Never fails: what cannot be set up is tried again later, and told in the end. */
  async #restore(attempt: number): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#connect('openRoom');
    } catch (error) {
      if (attempt < RETRY.attempts) this.#later(ROOM, attempt, () => this.#restore(attempt + 1));
      else for (const speaker of this.#speakers.values()) this.#notHeard(speaker, error);
      return;
    }
    for (const speaker of [...this.#speakers.values()]) await this.#tapOrRetry(speaker, 1);
  }

  async #connect(how: 'openRoom' | 'reopenRoom'): Promise<void> {
    const { process } = this.#worker;
    const roomId = this.#roomId;
    const sfu = this.#sfu;
    const room = {
      roomId,
      meetingStartedAtMs: this.#meetingStartedAtMs,
      settings: this.#settings,
      longestWindowMs: this.#options.longestWindowMs(),
      reading: this.#options.reading,
    };
    const { port } = await (how === 'openRoom'
      ? process.request('openRoom', { payload: room })
      : process.request('reopenRoom', { payload: { roomId } }));
    const tap = await sfu.openTap({ port });
    try {
      await process.request('connectRoom', { payload: { roomId, remotePort: tap.port } });
    } catch (error) {
      sfu.closeTap();
      throw error;
    }
    if (this.#diagnostics) this.setDiagnostics(true);
  }

  /** @returns why it failed; it is tried again then, and told when that is of no use */
  async #tapOrRetry(speaker: SpeakerOptions, attempt: number): Promise<{ error: unknown } | undefined> {
    try {
      await this.#tap(speaker);
      return undefined;
    } catch (error) {
      const { speakerId } = speaker;
      if (this.#closed || this.#speakers.get(speakerId) !== speaker) return { error };
      if (attempt < RETRY.attempts) this.#later(speakerId, attempt, () => this.#tapOrRetry(speaker, attempt + 1));
      else this.#notHeard(speaker, error);
      return { error };
    }
  }

  async #tap(speaker: SpeakerOptions): Promise<void> {
    const { speakerId } = speaker;
    // Whoever came while the room was restored is heard already.
    if (this.#speakers.get(speakerId) !== speaker || !this.#unheardSinceMs.has(speakerId)) return;
    const sfu = this.#sfu;
    const { consumerId, ssrc, payloadType } = await sfu.tapProducer(speakerId);
    try {
      await this.#worker.process.request('addSpeaker', {
        payload: { roomId: this.#roomId, speaker: { ...speaker, ssrc, payloadType } },
      });
      await sfu.resumeTap(consumerId);
    } catch (error) {
      sfu.untap(consumerId);
      throw error;
    }
    this.#unheardSinceMs.delete(speakerId);
  }

  #notHeard(speaker: SpeakerOptions, error: unknown): void {
    const { speakerId, participantId, track, epoch } = speaker;
    const endMs = this.#nowInMeeting();
    const startMs = this.#unheardSinceMs.get(speakerId) ?? endMs;
    this.#unheardSinceMs.set(speakerId, endMs);
    this.#options.onNotHeard?.({ speakerId, error });
    if (speaker.muted) return;
    const id = `${participantId}-${track}-${epoch}.unheard-${Math.round(startMs)}`;
    this.#tellGap(speakerId, { id, startMs, endMs, revision: 1 });
  }

  /** Of utterances that nobody will end any more. */
  #giveUp(which: (open: OpenSegment) => boolean): void {
    const nowMs = this.#nowInMeeting();
    for (const open of [...this.#openSegments.values()]) {
      if (!which(open)) continue;
      const { speakerId, segment } = open;
      this.#openSegments.delete(segment.id);
      const endMs = Math.max(segment.endMs, nowMs);
      this.#tellGap(speakerId, { ...segment, endMs, revision: segment.revision + 1 });
    }
  }

  #tellGap(speakerId: string, segment: PipelineSegment): void {
    const language = this.#languageOf(speakerId);
    const reason = 'mediaWorkerLost';
    this.#options.onEvent({ roomId: this.#roomId, speakerId, type: 'gap', segment, reason, language });
  }

  /** @param attempt the one that failed; 0: at once */
  #later(key: string, attempt: number, step: () => Promise<unknown>): void {
    this.#cancelRetry(key);
    const waitMs = attempt === 0 ? 0 : RETRY.firstMs * 2 ** (attempt - 1);
    const cancel = this.#time.after(waitMs, () => {
      this.#retries.delete(key);
      this.#queue(async () => void (await step())).catch(() => {});
    });
    this.#retries.set(key, cancel);
  }

  #cancelRetry(key: string): void {
    this.#retries.get(key)?.();
    this.#retries.delete(key);
  }

  #nowInMeeting(): number {
    return this.#time.now() - this.#meetingStartedAtMs;
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
