import type { PlaybackEnd, PlaybackLag, PlaybackStart, Span } from './api.js';

declare global {
  /** Audio Output Devices API: not yet in the compiler's library. */
  interface AudioContextOptions {
    sinkId?: string | { type: 'none' };
  }
}

const SAMPLE_RATE = 48_000;
/** -50 dBFS. */
const AUDIBLE = 0.003;
const CLOCK_SAMPLES = 50;
const CLOCK_SAMPLE_INTERVAL_MS = 5;
/** Lead time, so that the start is not in the past when the audio thread gets it. */
const LEAST_LEAD_S = 0.05;

/**
 * Plays one decoded file into a MediaStreamTrack, like a microphone in front of a speaker. The track exists, and is silent, before the file
 * starts and after it ends.
 */
export class TrackPlayer {
  readonly #context: AudioContext;
  readonly #buffer: AudioBuffer;
  readonly #source: AudioBufferSourceNode;
  readonly #ended: Promise<void>;
  readonly #lag: PlaybackLag[] = [];
  #lagTimer: ReturnType<typeof setInterval> | undefined;
  /** The track to send: 48 kHz, mono. */
  readonly track: MediaStreamTrack;

  private constructor(context: AudioContext, buffer: AudioBuffer) {
    this.#context = context;
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1, channelCountMode: 'explicit' });
    const [track] = destination.stream.getAudioTracks();
    if (track === undefined) throw new Error('the browser gave no audio track');
    this.track = track;
    this.#buffer = buffer;
    this.#source = new AudioBufferSourceNode(context, { buffer });
    this.#source.connect(destination);
    this.#ended = new Promise((resolve) => this.#source.addEventListener('ended', () => resolve(), { once: true }));
  }

  /** Fetches and decodes a file in any format that the browser supports. */
  static async create(audioUrl: string): Promise<TrackPlayer> {
    const answer = await fetch(audioUrl);
    if (!answer.ok) throw new Error(`${audioUrl} cannot be fetched: ${answer.status}`);
    // No loudspeaker is needed: without a sink, the context is driven by a timer and not by a sound card.
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, sinkId: { type: 'none' } });
    await context.resume();
    return new TrackPlayer(context, await context.decodeAudioData(await answer.arrayBuffer()));
  }

  /** Narrows spans of the file to the sound in them. */
  soundOf(spans: readonly Span[]): Span[] {
    const samples = this.#buffer.getChannelData(0);
    const perMs = this.#buffer.sampleRate / 1_000;
    return spans.map((span) => {
      const part = samples.subarray(Math.floor(span.startMs * perMs), Math.ceil(span.endMs * perMs));
      const first = part.findIndex(isAudible);
      if (first < 0) return span;
      return {
        startMs: span.startMs + first / perMs,
        endMs: span.startMs + (part.findLastIndex(isAudible) + 1) / perMs,
      };
    });
  }

  async startAt(epochMs: number): Promise<PlaybackStart> {
    const offsetMs = await this.#measureClock();
    const startS = Math.max((epochMs - offsetMs) / 1_000, this.#context.currentTime + LEAST_LEAD_S);
    this.#source.start(startS);
    const waitMs = (startS - this.#context.currentTime) * 1_000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
    const startedAtMs = (await this.#measureClock()) + startS * 1_000;
    this.#watchLag({ startedAtMs, startS });
    return { startedAtMs };
  }

  async ended(): Promise<PlaybackEnd> {
    await this.#ended;
    clearInterval(this.#lagTimer);
    return { lag: this.#lag };
  }

  async close(): Promise<void> {
    clearInterval(this.#lagTimer);
    this.track.stop();
    if (this.#context.state !== 'closed') await this.#context.close();
  }

  /**
   * Unix time of the context's time 0. `currentTime` moves on by a block when the block has been rendered, which is when the samples enter
   * the track; read at any later moment it is behind, so the smallest of many differences is the right one.
   */
  async #measureClock(): Promise<number> {
    let offsetMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < CLOCK_SAMPLES; i += 1) {
      offsetMs = Math.min(offsetMs, this.#readClock());
      await new Promise((resolve) => setTimeout(resolve, CLOCK_SAMPLE_INTERVAL_MS));
    }
    return offsetMs;
  }

  #readClock(): number {
    return performance.timeOrigin + performance.now() - this.#context.currentTime * 1_000;
  }

  /** A busy machine sometimes renders too late, and that delay stays. Records it over the track. */
  #watchLag({ startedAtMs, startS }: { startedAtMs: number; startS: number }): void {
    const promisedMs = startedAtMs - startS * 1_000;
    let readings: number[] = [];
    this.#lagTimer = setInterval(() => {
      readings.push(this.#readClock());
      if (readings.length < CLOCK_SAMPLES) return;
      const lagMs = Math.min(...readings) - promisedMs;
      const stretchMs = CLOCK_SAMPLES * CLOCK_SAMPLE_INTERVAL_MS;
      this.#lag.push({ trackMs: (this.#context.currentTime - startS) * 1_000 - stretchMs, lagMs });
      readings = [];
    }, CLOCK_SAMPLE_INTERVAL_MS);
  }
}

function isAudible(sample: number): boolean {
  return Math.abs(sample) > AUDIBLE;
}
