import type { InterimPace } from '../asr/contract/load.js';
import type { Recognizer } from '../asr/contract/Recognizer.js';
import { type Clock, monotonicNowMs } from '../process/clock.js';
import type { ReadingProfile } from '../settings/reading.js';
import type { SpeechSettings } from '../settings/speechSettings.js';
import type { AudioLedgerTotals, NotTranscribed, PipelineEvent, TrackDescription } from './contract/messages.js';
import { TrackPipeline } from './pipeline/TrackPipeline.js';
import type { TrackSettings } from './pipeline/UtteranceRequests.js';
import { RtpSocket } from './RtpSocket.js';
import { CrosstalkGuard } from './speech/crosstalk/index.js';
import type { VoiceActivityModel } from './speech/index.js';
import type { WakeWordDetector } from './speech/wake/index.js';

export interface RoomReceiverOptions extends TrackSettings {
  meetingId: string;
  meetingStartedAtMs: number;
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: Pick<VoiceActivityModel, 'open'>;
  recognizer: Recognizer;
  wakeWords?: WakeWordDetector;
  onEvent: (event: PipelineEvent) => void;
  now?: Clock;
}

/** A room inside a media worker: one RTP socket, and a pipeline for every announced track, found by its SSRC. */
export class RoomReceiver {
  readonly #options: RoomReceiverOptions;
  readonly #bySsrc = new Map<number, TrackPipeline>();
  readonly #byTrack = new Map<string, { ssrc: number; pipeline: TrackPipeline; ownSettings: boolean }>();
  readonly #crosstalk = new CrosstalkGuard();
  /** Removed tracks whose last words are not text yet. */
  readonly #draining = new Map<string, Promise<void>>();
  readonly #now: Clock;
  #current: TrackSettings;
  #socket: RtpSocket;
  #interimPace: InterimPace = 0;
  #diagnostics = false;
  #ticking = false;
  #closing: Promise<void> | undefined;
  /** Packets of unknown tracks, or not RTP. */
  #dropped = 0;

  private constructor(options: RoomReceiverOptions, socket: RtpSocket) {
    const { settings, longestWindowMs } = options;
    this.#options = options;
    this.#current = { settings, longestWindowMs };
    this.#now = options.now ?? monotonicNowMs;
    this.#socket = socket;
    this.#listen();
  }

  static async create(options: RoomReceiverOptions): Promise<RoomReceiver> {
    return new RoomReceiver(options, await RtpSocket.open());
  }

  get port(): number {
    return this.#socket.port;
  }

  get pipelineCount(): number {
    return this.#byTrack.size + this.#draining.size;
  }

  get droppedPackets(): number {
    return this.#dropped;
  }

  /** Opens another socket, for RTP from elsewhere. */
  async reopen(): Promise<void> {
    const socket = await RtpSocket.open();
    await this.#socket.readOut();
    this.#socket.close();
    this.#socket = socket;
    this.#listen();
  }

  /** From now on, the kernel drops packets from anywhere else. */
  connect(remotePort: number): Promise<void> {
    return this.#socket.connect(remotePort);
  }

  /** A track that already exists starts over; the old one is drained. */
  addTrack(track: TrackDescription): void {
    const { onEvent, meetingId } = this.#options;
    const { trackId, ssrc } = track;
    void this.#drain(trackId);
    const pipeline = new TrackPipeline({
      ...this.#options,
      ...this.#current,
      track,
      crosstalk: this.#crosstalk,
      onEvent: (event) => onEvent({ ...event, meetingId, trackId }),
    });
    this.#crosstalk.setSent(trackId, track.sentTrackIds ?? []);
    pipeline.setInterimPace(this.#interimPace);
    pipeline.setDiagnostics(this.#diagnostics);
    this.#bySsrc.set(ssrc, pipeline);
    this.#byTrack.set(trackId, { ssrc, pipeline, ownSettings: track.settings !== undefined });
  }

  /** A track's participant is sent other tracks than before. */
  setSent({ trackId, sentTrackIds }: { trackId: string; sentTrackIds: readonly string[] }): void {
    this.#crosstalk.setSent(trackId, sentTrackIds);
  }

  /** How far apart everybody's interims are at least: what the recogniser can give. */
  setInterimPace(pace: InterimPace): void {
    this.#interimPace = pace;
    for (const { pipeline } of this.#byTrack.values()) pipeline.setInterimPace(pace);
  }

  /** Whether the frequent activities are sent. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
    for (const { pipeline } of this.#byTrack.values()) pipeline.setDiagnostics(on);
  }

  get ledgers(): { trackId: string; ledger: AudioLedgerTotals }[] {
    return [...this.#byTrack].map(([trackId, { pipeline }]) => ({ trackId, ledger: pipeline.ledger }));
  }

  /** Resolves when everything sent before has been read, and the change has been made. */
  async setMuted({ trackId, muted }: { trackId: string; muted: boolean }): Promise<void> {
    await this.#socket.readOut();
    this.#byTrack.get(trackId)?.pipeline.setMuted(muted);
  }

  /** As `setMuted`; from then on nothing of the track is decoded or kept. Without a reason, it is again. */
  async setNotTranscribed({
    trackId,
    reason,
  }: {
    trackId: string;
    reason?: NotTranscribed | undefined;
  }): Promise<void> {
    await this.#socket.readOut();
    this.#byTrack.get(trackId)?.pipeline.setTranscribed(reason === undefined);
  }

  /** Resolves when its last words are text or a gap. */
  async removeTrack(trackId: string): Promise<void> {
    await this.#socket.readOut();
    await this.#drain(trackId);
  }

  /** The room's settings; tracks with their own settings keep those. */
  update({ settings, longestWindowMs }: TrackSettings): void {
    this.#current = { settings, longestWindowMs };
    for (const { pipeline, ownSettings } of this.#byTrack.values()) {
      pipeline.update({ settings: ownSettings ? pipeline.settings : settings, longestWindowMs });
    }
  }

  /** One track's own settings; undefined: those of the room again. */
  updateTrack({ trackId, settings }: { trackId: string; settings?: SpeechSettings }): void {
    const track = this.#byTrack.get(trackId);
    if (track === undefined) return;
    track.ownSettings = settings !== undefined;
    const { longestWindowMs } = this.#current;
    track.pipeline.update({ settings: settings ?? this.#current.settings, longestWindowMs });
  }

  /**
   * Call it about every 20 ms. The socket is read first: after this process has stood still, the packets in it are not late, and must not
   * count as missing.
   */
  tick(): void {
    if (this.#ticking || this.#closing !== undefined) return;
    this.#ticking = true;
    const nowMs = this.#now();
    void this.#socket.readOut().then(() => {
      this.#ticking = false;
      for (const { pipeline } of this.#byTrack.values()) pipeline.tick(nowMs);
    });
  }

  /** Resolves when the last words of all tracks, including removed ones, are text or a gap. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#socket.readOut();
    for (const trackId of [...this.#byTrack.keys()]) void this.#drain(trackId);
    await Promise.allSettled(this.#draining.values());
    this.#socket.close();
  }

  #drain(trackId: string): Promise<void> {
    const track = this.#byTrack.get(trackId);
    const before = this.#draining.get(trackId) ?? Promise.resolve();
    if (track === undefined) return before;
    const { ssrc, pipeline } = track;
    this.#byTrack.delete(trackId);
    if (this.#bySsrc.get(ssrc) === pipeline) this.#bySsrc.delete(ssrc);
    const drained = Promise.all([before, pipeline.close()]).then(() => {});
    this.#draining.set(trackId, drained);
    const forget = () => {
      if (this.#draining.get(trackId) === drained) this.#draining.delete(trackId);
    };
    drained.then(forget, forget);
    return drained;
  }

  #listen(): void {
    this.#socket.listen((packet) => {
      const pipeline = packet && this.#bySsrc.get(packet.ssrc);
      if (packet !== undefined && pipeline !== undefined) pipeline.push(packet);
      else this.#dropped += 1;
    });
  }
}
