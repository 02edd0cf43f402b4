import { CLOSE_TIMES, ProcessError } from '../process/index.js';
import { type CancelTimer, systemTime, type TimeSource } from '../process/TimeSource.js';
import type { ReadingProfile } from '../settings/reading.js';
import type { SpeechSettings } from '../settings/speechSettings.js';
import type { AudioLedgerTotals, NotTranscribed, PipelineEvent, PipelineSegment } from '../worker/contract/messages.js';
import type { PipelineOptions, RoomPipeline, TrackOptions } from './MediaNode.js';
import type { MediaWorker, MediaWorkerPool, MediaWorkerRoom } from './MediaWorkerPool.js';
import { type SentChange, SfuError, type SfuRoom, type SfuTap } from './sfu/index.js';

export interface LocalRoomPipelineOptions {
  workers: MediaWorkerPool;
  sfu: SfuRoom;
  settings: SpeechSettings;
  /** Longest audio of one request to the current model. */
  longestWindowMs: () => number;
  /** Of the model for finals; default: `DEFAULT_READING`. */
  reading?: Partial<ReadingProfile> | undefined;
  onEvent: PipelineOptions['onEvent'];
  onNotHeard?: PipelineOptions['onNotHeard'];
  time?: TimeSource;
}

interface OpenSegment {
  trackId: string;
  segment: PipelineSegment;
  /** An interim was emitted, so a retraction must be, too. */
  shown: boolean;
}

/** Somebody who is not tapped, or not transcribed. */
interface Unheard {
  /** Meeting time. */
  sinceMs: number;
  /** A try failed, or the media worker died: more than a normal set-up, however short. */
  lost: boolean;
}

/** Failed set-ups are retried while the room is open, after waits that double up to the longest. */
const RETRY_MS = { first: 250, longest: 10_000 };
/** After this long without a media worker, the missing time so far is reported; the rest when the track is received again. */
const TOLD_AFTER_MS = 8_000;
/** The same after this many failed tries (8 s). */
const TOLD_AFTER_TRIES = 6;
/** A normal set-up takes at most this long. Speech during a longer one counts as lost. */
const SET_UP_MS = 1_000;
/** Key of the whole room's timer; ids of speakers are not empty. */
const ROOM = '';

/**
 * One room's path from the SFU to text, in the server process: opens the tap, gives the media worker its tracks, and passes its events on.
 * If the media worker dies, everything is set up again on its successor. Each open utterance becomes a gap, and so does the time without a
 * tap: nothing is lost silently.
 */
export class LocalRoomPipeline implements RoomPipeline, MediaWorkerRoom {
  readonly #options: LocalRoomPipelineOptions;
  readonly #worker: MediaWorker;
  readonly #tracks = new Map<string, TrackOptions>();
  readonly #openSegments = new Map<string, OpenSegment>();
  /** Last detected language of each speaker. */
  readonly #languages = new Map<string, string>();
  readonly #unheard = new Map<string, Unheard>();
  /** Of everybody who is tapped, whether they are transcribed or not: the consumer at the SFU. */
  readonly #taps = new Map<string, string>();
  /** What is going to be tried again, by speaker or for the whole room. */
  readonly #retries = new Map<string, CancelTimer>();
  /** Failures that were reported, and have not been fixed since. */
  readonly #failing = new Set<string>();
  readonly #time: TimeSource;
  #sfu: SfuTap;
  #settings: SpeechSettings;
  #diagnostics = false;
  #meetingId = '';
  #meetingStartedAtMs = 0;
  /** The worker has the room and its tap; opening it again would drop all tracks. */
  #connected = false;
  /** For the time without a media worker; kept until there is one, so that it is reported once. */
  #cancelTelling: CancelTimer | undefined;
  /** Set-up steps, one after the other. */
  #setUp: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: LocalRoomPipelineOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#sfu = tapOf(options.sfu);
    this.#settings = options.settings;
    this.#worker = options.workers.place();
  }

  async open(options: { meetingId: string; meetingMs: number }): Promise<void> {
    this.#meetingId = options.meetingId;
    this.#meetingStartedAtMs = this.#time.now() - options.meetingMs;
    try {
      await this.#connect('openRoom');
    } catch (error) {
      // The worker may have it already, and nothing else would close it.
      this.#worker.process.request('closeRoom', { payload: { meetingId: this.#meetingId } }).catch(() => {});
      throw error;
    }
    this.#worker.rooms.set(this.#meetingId, this);
  }

  async attach(sfu: SfuRoom): Promise<void> {
    this.#sfu = tapOf(sfu);
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

  async addTrack(track: TrackOptions): Promise<void> {
    this.#tracks.set(track.trackId, track);
    this.#unheard.set(track.trackId, { sinceMs: this.#nowInMeeting(), lost: false });
    await this.#queue(() => this.#tapOrRetry(track, 1));
  }

  async setMuted(options: { trackId: string; muted: boolean }): Promise<void> {
    const track = this.#tracks.get(options.trackId);
    if (track === undefined) return;
    if (track.muted !== options.muted) this.#tellUnheard(track);
    track.muted = options.muted;
    const payload = { meetingId: this.#meetingId, ...options };
    await this.#queue(() => this.#ask(() => this.#worker.process.request('setMuted', { payload })));
  }

  async setNotTranscribed(options: { trackId: string; reason: NotTranscribed | undefined }): Promise<void> {
    const { trackId, reason } = options;
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    if (track.notTranscribed !== reason) this.#tellUnheard(track);
    else if (reason === undefined) return;
    if (reason === undefined) delete track.notTranscribed;
    else track.notTranscribed = reason;
    // Not behind the set-up of others, which may take its time: what is not to be kept is not sent from this moment on.
    await (reason === undefined ? this.#listenAgain(track) : this.#stopListening(track));
  }

  async #stopListening(track: TrackOptions): Promise<void> {
    const { trackId } = track;
    if (!this.#unheard.has(trackId)) this.#unheard.set(trackId, { sinceMs: this.#nowInMeeting(), lost: false });
    const consumerId = this.#taps.get(trackId);
    // An SFU that cannot be asked sends nothing any more, and the worker drops it, too.
    if (consumerId !== undefined) await this.#sfu.pauseTap(consumerId).catch(() => {});
    await this.#tellTranscribed(track);
  }

  async #listenAgain(track: TrackOptions): Promise<void> {
    const { trackId } = track;
    const unheard = this.#unheard.get(trackId);
    if (unheard !== undefined && this.#taps.has(trackId)) unheard.lost = false;
    await this.#tellTranscribed(track);
    const consumerId = this.#taps.get(trackId);
    // Who is not tapped yet is resumed by the set-up.
    if (consumerId === undefined || track.notTranscribed !== undefined) return;
    await this.#sfu.resumeTap(consumerId);
    // A worker that died meanwhile is set up again, and a newer change holds.
    if (track.notTranscribed !== undefined || this.#unheard.get(trackId) !== unheard) return;
    this.#tellUnheard(track);
    this.#unheard.delete(trackId);
  }

  /** Says how it is by now, so that of two changes the last one holds. */
  async #tellTranscribed({ trackId, notTranscribed: reason }: TrackOptions): Promise<void> {
    const payload = { meetingId: this.#meetingId, trackId, reason };
    await this.#ask(() => this.#worker.process.request('setNotTranscribed', { payload }));
  }

  async removeTrack(trackId: string): Promise<void> {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    this.#tellUnheard(track);
    this.#tracks.delete(trackId);
    this.#unheard.delete(trackId);
    this.#taps.delete(trackId);
    this.#failing.delete(trackId);
    this.#cancelRetry(trackId);
    // After the set-up that may still be adding it; but set-ups do not wait for its last words.
    await this.#setUp.catch(() => {});
    const payload = { meetingId: this.#meetingId, trackId };
    try {
      await this.#ask(() =>
        this.#worker.process.request('removeTrack', { payload, timeoutMs: CLOSE_TIMES.drainRoomMs }),
      );
    } finally {
      this.#giveUp((open) => open.trackId === trackId);
      this.#languages.delete(trackId);
    }
  }

  settingsChanged(settings: SpeechSettings): void {
    this.#settings = settings;
    this.#worker.process.send({
      type: 'settingsChanged',
      meetingId: this.#meetingId,
      settings,
      longestWindowMs: this.#options.longestWindowMs(),
    });
  }

  setTrackSettings({ trackId, settings }: { trackId: string; settings: SpeechSettings | undefined }): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    if (settings === undefined) delete track.settings;
    else track.settings = settings;
    const own = settings === undefined ? {} : { settings };
    this.#worker.process.send({ type: 'trackSettingsChanged', meetingId: this.#meetingId, trackId, ...own });
  }

  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
    this.#worker.process.send({ type: 'diagnosticsChanged', meetingId: this.#meetingId, on });
  }

  async ledgers(): Promise<{ trackId: string; ledger: AudioLedgerTotals }[]> {
    const { ledgers } = await this.#worker.process.request('ledgers', { payload: { meetingId: this.#meetingId } });
    return ledgers;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTelling?.();
    this.#tellAllUnheard();
    for (const key of [...this.#retries.keys()]) this.#cancelRetry(key);
    await this.#setUp.catch(() => {});
    const payload = { meetingId: this.#meetingId };
    try {
      await this.#ask(() => this.#worker.process.request('closeRoom', { payload, timeoutMs: CLOSE_TIMES.drainRoomMs }));
    } finally {
      this.#giveUp(() => true);
      this.#worker.rooms.delete(this.#meetingId);
      this.#sfu.closeTap();
    }
  }

  onEvent(event: PipelineEvent): void {
    switch (event.type) {
      case 'utteranceOpened':
        this.#openSegments.set(event.segment.id, { trackId: event.trackId, segment: event.segment, shown: false });
        break;
      case 'interimUpdated': {
        const open = this.#openSegments.get(event.segment.id);
        if (open !== undefined) Object.assign(open, { segment: event.segment, shown: true });
        break;
      }
      case 'final':
      case 'gap':
        this.#openSegments.delete(event.segment.id);
        this.#rememberLanguage(event);
        break;
      case 'interimRetracted': {
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
    this.#connected = false;
    this.#giveUp(() => true);
    for (const key of [...this.#retries.keys()]) this.#cancelRetry(key);
    for (const trackId of this.#tracks.keys()) {
      const sinceMs = this.#unheard.get(trackId)?.sinceMs ?? endMs;
      this.#unheard.set(trackId, { sinceMs, lost: true });
      this.#options.onEvent({ meetingId: this.#meetingId, trackId, type: 'speechEnded', atMs: endMs });
    }
    this.#taps.clear();
    this.#sfu.closeTap();
    if (!this.#closed) this.#cancelTelling ??= this.#time.after(TOLD_AFTER_MS, () => this.#tellAllUnheard());
  }

  onRestored(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    this.#queue(() => this.#restore(1)).catch(() => {});
  }

  /** Never rejects: retries later. */
  async #restore(attempt: number): Promise<void> {
    if (this.#closed) return;
    try {
      // Another try may have come first, after a second death or by its timer.
      if (!this.#connected) await this.#connect('openRoom');
    } catch (error) {
      if (this.#closed) return;
      this.#failed(ROOM, error);
      if (attempt === TOLD_AFTER_TRIES) this.#tellAllUnheard();
      this.#later(ROOM, attempt, () => this.#restore(attempt + 1));
      return;
    }
    for (const track of [...this.#tracks.values()]) await this.#tapOrRetry(track, 1);
  }

  async #connect(how: 'openRoom' | 'reopenRoom'): Promise<void> {
    const { process } = this.#worker;
    const meetingId = this.#meetingId;
    const sfu = this.#sfu;
    this.#connected = false;
    this.#taps.clear();
    const room = {
      meetingId,
      meetingStartedAtMs: this.#meetingStartedAtMs,
      settings: this.#settings,
      longestWindowMs: this.#options.longestWindowMs(),
      reading: this.#options.reading,
    };
    const { port } = await (how === 'openRoom'
      ? process.request('openRoom', { payload: room })
      : process.request('reopenRoom', { payload: { meetingId } }));
    const tap = await sfu.openTap({ port, onSent: (change) => this.#onSent(change) });
    try {
      await process.request('connectRoom', { payload: { meetingId, remotePort: tap.port } });
    } catch (error) {
      sfu.closeTap();
      throw error;
    }
    this.#connected = true;
    // A pending retry would close the room that is now open.
    this.#cancelRetry(ROOM);
    this.#failing.delete(ROOM);
    if (this.#diagnostics) this.setDiagnostics(true);
  }

  /** Never rejects: retries later. */
  async #tapOrRetry(track: TrackOptions, attempt: number): Promise<void> {
    const { trackId } = track;
    const isThere = () => !this.#closed && this.#tracks.get(trackId) === track;
    // Absent if the track was added while the room was restored.
    const unheard = this.#unheard.get(trackId);
    if (!isThere() || unheard === undefined || this.#taps.has(trackId)) return;
    try {
      await this.#tap(track);
    } catch (error) {
      if (!isThere()) return;
      unheard.lost = true;
      // When the room has a tap again, all tracks are added.
      if (this.#retries.has(ROOM)) return;
      this.#failed(trackId, error);
      if (attempt === TOLD_AFTER_TRIES) this.#tellUnheard(track);
      this.#later(trackId, attempt, () => this.#tapOrRetry(track, attempt + 1));
      return;
    }
    // If the worker died meanwhile, its answer no longer counts.
    if (!isThere() || this.#unheard.get(trackId) !== unheard) return;
    this.#failing.delete(trackId);
    // Tapped, and still unheard.
    if (track.notTranscribed !== undefined) return;
    this.#tellUnheard(track);
    this.#unheard.delete(trackId);
  }

  async #tap(track: TrackOptions): Promise<void> {
    const { trackId } = track;
    const sfu = this.#sfu;
    const { consumerId, ssrc, payloadType } = await sfu.tapProducer(trackId);
    try {
      await this.#worker.process.request('addTrack', {
        payload: {
          meetingId: this.#meetingId,
          track: { ...track, ssrc, payloadType, sentTrackIds: sfu.sentBesides(trackId) },
        },
      });
      this.#taps.set(trackId, consumerId);
      if (track.notTranscribed === undefined) await sfu.resumeTap(consumerId);
    } catch (error) {
      this.#taps.delete(trackId);
      sfu.untap(consumerId);
      throw error;
    }
  }

  /** A worker that does not know the track yet gets the same when it is added. */
  #onSent({ producerId, sentProducerIds }: SentChange): void {
    if (this.#closed || !this.#tracks.has(producerId)) return;
    this.#worker.process.send({
      type: 'sentChanged',
      meetingId: this.#meetingId,
      trackId: producerId,
      sentTrackIds: sentProducerIds,
    });
  }

  #failed(key: string, error: unknown): void {
    if (this.#failing.has(key)) return;
    this.#failing.add(key);
    this.#options.onNotHeard?.(key === ROOM ? { error } : { trackId: key, error });
  }

  #tellAllUnheard(): void {
    for (const track of this.#tracks.values()) this.#tellUnheard(track);
  }

  /** A gap for the time up to now in which somebody may have spoken to nobody, or off the record. */
  #tellUnheard(track: TrackOptions): void {
    const { trackId, participantId, name, epoch, muted, notTranscribed } = track;
    const unheard = this.#unheard.get(trackId);
    if (unheard === undefined) return;
    const startMs = unheard.sinceMs;
    const endMs = this.#nowInMeeting();
    unheard.sinceMs = endMs;
    const lost = notTranscribed !== undefined || unheard.lost || endMs - startMs > SET_UP_MS;
    if (!lost || muted || endMs <= startMs) return;
    const id = `${participantId}-${name}-${epoch}.unheard-${Math.round(startMs)}`;
    this.#tellGap(trackId, {
      segment: { id, startMs, endMs, revision: 1 },
      unheard: true,
      ...(notTranscribed === undefined ? {} : { reason: notTranscribed }),
    });
  }

  /** Turns open utterances into gaps: they will not be completed. */
  #giveUp(which: (open: OpenSegment) => boolean): void {
    const nowMs = this.#nowInMeeting();
    for (const open of [...this.#openSegments.values()]) {
      if (!which(open)) continue;
      const { trackId, segment } = open;
      this.#openSegments.delete(segment.id);
      const endMs = Math.max(segment.endMs, nowMs);
      this.#tellGap(trackId, { segment: { ...segment, endMs, revision: segment.revision + 1 } });
    }
  }

  #tellGap(
    trackId: string,
    {
      reason = 'mediaWorkerLost',
      ...gap
    }: { segment: PipelineSegment; unheard?: true; reason?: NotTranscribed | 'mediaWorkerLost' },
  ): void {
    const language = this.#languageOf(trackId);
    this.#options.onEvent({ meetingId: this.#meetingId, trackId, type: 'gap', ...gap, reason, language });
  }

  /** @param attempt number of the failed one, from 1 */
  #later(key: string, attempt: number, step: () => Promise<unknown>): void {
    this.#cancelRetry(key);
    const waitMs = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** Math.min(attempt - 1, 10));
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
    if (language !== '' && this.#tracks.has(event.trackId)) this.#languages.set(event.trackId, language);
  }

  /** As last detected, or as set. */
  #languageOf(trackId: string): string {
    const { language } = this.#tracks.get(trackId)?.settings ?? this.#settings;
    if (language !== 'auto' && language !== 'per-segment') return language;
    return this.#languages.get(trackId) ?? '';
  }

  /** A failure needs no handling: the worker is gone, and its successor gets the current state. */
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

/** Pipelines only receive from rooms of their own machine. */
function tapOf(sfu: SfuRoom): SfuTap {
  if (isTap(sfu)) return sfu;
  throw new SfuError('INVALID_STATE', 'The room is on an SFU of another node.');
}

function isTap(sfu: SfuRoom): sfu is SfuRoom & SfuTap {
  return 'openTap' in sfu;
}
