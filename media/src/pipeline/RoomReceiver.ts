import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Recognizer } from '../asr/Recognizer.js';
import { isRtcp, parseRtpPacket } from '../rtp/index.js';
import { CrosstalkGuard } from '../speech/crosstalk/index.js';
import type { ReadingProfile, SpeechSettings, VoiceActivityModel } from '../speech/index.js';
import type { WakeWordDetector } from '../speech/wake/index.js';
import type { AudioLedgerTotals, PipelineEvent, SpeakerDescription } from './messages.js';
import { SpeakerPipeline } from './SpeakerPipeline.js';

export interface RoomReceiverOptions {
  roomId: string;
  meetingStartedAtMs: number;
  settings: SpeechSettings;
  longestWindowMs: number;
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: VoiceActivityModel;
  recognizer: Recognizer;
  wakeWords?: WakeWordDetector;
  onEvent: (event: PipelineEvent) => void;
}

/** What the kernel may hold while this process is busy; past that it drops, and the jitter buffer sees a loss. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

/** A room inside a media worker: one UDP socket on loopback, and a pipeline for every SSRC that was announced. */
export class RoomReceiver {
  readonly #options: RoomReceiverOptions;
  readonly #bySsrc = new Map<number, SpeakerPipeline>();
  readonly #bySpeaker = new Map<string, { ssrc: number; pipeline: SpeakerPipeline; ownSettings: boolean }>();
  readonly #crosstalk = new CrosstalkGuard();
  readonly #draining = new Set<SpeakerPipeline>();
  #socket: Socket;
  #interimFactor = 1;
  #diagnostics = false;
  /** Packets that were nobody's or not RTP. */
  #dropped = 0;

  private constructor(options: RoomReceiverOptions, socket: Socket) {
    this.#options = options;
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
    return this.#bySpeaker.size + this.#draining.size;
  }

  get droppedPackets(): number {
    return this.#dropped;
  }

  /** Another socket, for RTP from elsewhere. */
  async reopen(): Promise<void> {
    const socket = await openSocket();
    this.#socket.close();
    this.#socket = socket;
    this.#listen();
  }

  /** From now on the kernel drops what comes from anywhere else. */
  async connect(remotePort: number): Promise<void> {
    this.#socket.connect(remotePort, '127.0.0.1');
    await once(this.#socket, 'connect');
  }

  addSpeaker(speaker: SpeakerDescription): void {
    const { onEvent, roomId } = this.#options;
    const { speakerId, ssrc } = speaker;
    const pipeline = new SpeakerPipeline({
      ...this.#options,
      speaker,
      crosstalk: this.#crosstalk,
      onEvent: (event) => onEvent({ ...event, roomId, speakerId }),
    });
    pipeline.setInterimFactor(this.#interimFactor);
    pipeline.setDiagnostics(this.#diagnostics);
    this.#bySsrc.set(ssrc, pipeline);
    this.#bySpeaker.set(speakerId, { ssrc, pipeline, ownSettings: speaker.settings !== undefined });
  }

  /** Stretches everybody's interims while the recogniser is busy. */
  setInterimFactor(factor: number): void {
    this.#interimFactor = factor;
    for (const { pipeline } of this.#bySpeaker.values()) pipeline.setInterimFactor(factor);
  }

  /** Whether somebody listens to the frequent activities. */
  setDiagnostics(on: boolean): void {
    this.#diagnostics = on;
    for (const { pipeline } of this.#bySpeaker.values()) pipeline.setDiagnostics(on);
  }

  get ledgers(): { speakerId: string; ledger: AudioLedgerTotals }[] {
    return [...this.#bySpeaker].map(([speakerId, { pipeline }]) => ({ speakerId, ledger: pipeline.ledger }));
  }

  setMuted({ speakerId, muted }: { speakerId: string; muted: boolean }): void {
    this.#bySpeaker.get(speakerId)?.pipeline.setMuted(muted);
  }

  /** Resolves when its last words are text or a gap. */
  async removeSpeaker(speakerId: string): Promise<void> {
    const speaker = this.#bySpeaker.get(speakerId);
    if (speaker === undefined) return;
    this.#bySpeaker.delete(speakerId);
    this.#bySsrc.delete(speaker.ssrc);
    this.#draining.add(speaker.pipeline);
    try {
      await speaker.pipeline.close();
    } finally {
      this.#draining.delete(speaker.pipeline);
    }
  }

  update(options: { settings: SpeechSettings; longestWindowMs: number }): void {
    Object.assign(this.#options, options);
    for (const { pipeline, ownSettings } of this.#bySpeaker.values()) {
      if (ownSettings) pipeline.update({ settings: pipeline.settings, longestWindowMs: options.longestWindowMs });
      else pipeline.update(options);
    }
  }

  /** One speaker's own settings, or those of the room again. */
  updateSpeaker({ speakerId, settings }: { speakerId: string; settings?: SpeechSettings }): void {
    const speaker = this.#bySpeaker.get(speakerId);
    if (speaker === undefined) return;
    speaker.ownSettings = settings !== undefined;
    const { longestWindowMs } = this.#options;
    speaker.pipeline.update({ settings: settings ?? this.#options.settings, longestWindowMs });
  }

  tick(): void {
    for (const { pipeline } of this.#bySpeaker.values()) pipeline.tick();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#bySpeaker.keys()].map((speakerId) => this.removeSpeaker(speakerId)));
    this.#socket.close();
  }

  #listen(): void {
    this.#socket.on('message', (data) => {
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
