import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { InterimPace } from '../asr/contract/load.js';
import type { Recognizer } from '../asr/contract/Recognizer.js';
import { type Clock, monotonicNowMs } from '../process/clock.js';
import type { ReadingProfile } from '../settings/reading.js';
import type { SpeechSettings } from '../settings/speechSettings.js';
import type { AudioLedgerTotals, PipelineEvent, TrackDescription } from './contract/messages.js';
import { TrackPipeline } from './pipeline/TrackPipeline.js';
import { isRtcp, parseRtpPacket } from './rtp/index.js';
import { CrosstalkGuard } from './speech/crosstalk/index.js';
import type { VoiceActivityModel } from './speech/index.js';
import type { WakeWordDetector } from './speech/wake/index.js';

export interface RoomReceiverOptions {
  meetingId: string;
  meetingStartedAtMs: number;
  settings: SpeechSettings;
  longestWindowMs: number;
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: Pick<VoiceActivityModel, 'open'>;
  recognizer: Recognizer;
  wakeWords?: WakeWordDetector;
  onEvent: (event: PipelineEvent) => void;
  now?: Clock;
}

/** What the kernel may hold while this process is busy; past that it drops, and the jitter buffer sees a loss. */
const RECEIVE_BUFFER_BYTES = 1 << 20;
/** Rounds of the event loop in which a full socket is read out, at most: libuv takes 32 packets a round. */
const MAX_READ_ROUNDS = 64;

/** A room inside a media worker: one UDP socket on loopback, and a pipeline for every SSRC that was announced. */
export class RoomReceiver {
  readonly #options: RoomReceiverOptions;
  readonly #bySsrc = new Map<number, TrackPipeline>();
  readonly #byTrack = new Map<string, { ssrc: number; pipeline: TrackPipeline; ownSettings: boolean }>();
  readonly #crosstalk = new CrosstalkGuard();
  /** Speakers that were removed and whose last words are no text yet. */
  readonly #draining = new Map<string, Promise<void>>();
  readonly #now: Clock;
  #socket: Socket;
  #interimPace: InterimPace = 0;
  #diagnostics = false;
  #ticking = false;
  #closing: Promise<void> | undefined;
  #received = 0;
  /** Packets that were nobody's or not RTP. */
  #dropped = 0;

  private constructor(options: RoomReceiverOptions, socket: Socket) {
    this.#options = options;
    this.#now = options.now ?? monotonicNowMs;
    this.#socket = socket;
  }

  static async create(options: RoomReceiverOptions): Promise<RoomReceiver> {
    const receiver = new RoomReceiver(options, await openSocket());
    receiver.#listen();
    return receiver;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get pipelineCount(): number {
    return this.#byTrack.size + this.#draining.size;
  }

  get droppedPackets(): number {
    return this.#dropped;
  }

  /** Another socket, for RTP from elsewhere. */
  async reopen(): Promise<void> {
    const socket = await openSocket();
    await this.#readOut();
    this.#socket.close();
    this.#socket = socket;
    this.#listen();
  }

  /** From now on the kernel drops what comes from anywhere else. */
  async connect(remotePort: number): Promise<void> {
    this.#socket.connect(remotePort, '127.0.0.1');
    await once(this.#socket, 'connect');
  }

  /** A speaker who is there already begins anew. */
  addTrack(track: TrackDescription): void {
    const { onEvent, meetingId } = this.#options;
    const { trackId, ssrc } = track;
    void this.#drain(trackId);
    const pipeline = new TrackPipeline({
      ...this.#options,
      track,
      crosstalk: this.#crosstalk,
      onEvent: (event) => onEvent({ ...event, meetingId, trackId }),
    });
    pipeline.setInterimPace(this.#interimPace);
    pipeline.setDiagnostics(this.#diagnostics);
    this.#bySsrc.set(ssrc, pipeline);
    this.#byTrack.set(trackId, { ssrc, pipeline, ownSettings: track.settings !== undefined });
  }

  /** How far apart everybody's interims are at least: what the recogniser can give. */
  setInterimPace(pace: InterimPace): void {
    this.#interimPace = pace;
    for (const { pipeline } of this.#byTrack.values()) pipeline.setInterimPace(pace);
  }

  /** Whether somebody listens to the frequent activities. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
    for (const { pipeline } of this.#byTrack.values()) pipeline.setDiagnostics(on);
  }

  get ledgers(): { trackId: string; ledger: AudioLedgerTotals }[] {
    return [...this.#byTrack].map(([trackId, { pipeline }]) => ({ trackId, ledger: pipeline.ledger }));
  }

  /** Resolves when what was sent before has been read, and the change has been made. */
  async setMuted({ trackId, muted }: { trackId: string; muted: boolean }): Promise<void> {
    await this.#readOut();
    this.#byTrack.get(trackId)?.pipeline.setMuted(muted);
  }

  /** Resolves when its last words are text or a gap. */
  async removeTrack(trackId: string): Promise<void> {
    await this.#readOut();
    await this.#drain(trackId);
  }

  update(options: { settings: SpeechSettings; longestWindowMs: number }): void {
    Object.assign(this.#options, options);
    for (const { pipeline, ownSettings } of this.#byTrack.values()) {
      if (ownSettings) pipeline.update({ settings: pipeline.settings, longestWindowMs: options.longestWindowMs });
      else pipeline.update(options);
    }
  }

  /** One speaker's own settings, or those of the room again. */
  updateTrack({ trackId, settings }: { trackId: string; settings?: SpeechSettings }): void {
    const track = this.#byTrack.get(trackId);
    if (track === undefined) return;
    track.ownSettings = settings !== undefined;
    const { longestWindowMs } = this.#options;
    track.pipeline.update({ settings: settings ?? this.#options.settings, longestWindowMs });
  }

  /**
   * To be called every 20 ms or so. What lies in the socket is read first: after this process has stood still, it is not late, and
   * must not be taken for missing.
   */
  tick(): void {
    if (this.#ticking || this.#closing !== undefined) return;
    this.#ticking = true;
    const nowMs = this.#now();
    void this.#readOut().then(() => {
      this.#ticking = false;
      for (const { pipeline } of this.#byTrack.values()) pipeline.tick(nowMs);
    });
  }

  /** Resolves when everybody's last words are text or a gap, those of speakers removed before included. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#readOut();
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

  /** Resolves when the packets that lie in the socket by now have been read. */
  #readOut(): Promise<void> {
    return new Promise((resolve) => {
      let rounds = 0;
      // From one of these to the next, the event loop has been to the socket once.
      const next = (before: number) => {
        if (this.#received === before || rounds === MAX_READ_ROUNDS) return resolve();
        rounds += 1;
        const received = this.#received;
        setImmediate(() => next(received));
      };
      setImmediate(() => next(Number.NaN));
    });
  }

  #listen(): void {
    this.#socket.on('message', (data) => {
      this.#received += 1;
      if (isRtcp(data)) return;
      const parsed = parseRtpPacket(data);
      const pipeline = parsed.ok ? this.#bySsrc.get(parsed.packet.ssrc) : undefined;
      if (parsed.ok && pipeline !== undefined) {
        pipeline.push(parsed.packet);
      } else {
        this.#dropped += 1;
      }
    });
    // A connected socket reports ICMP "port unreachable" when the SFU's side is gone; the supervisor of that side acts.
    this.#socket.on('error', () => {});
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
