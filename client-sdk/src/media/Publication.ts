import type { Producer } from 'mediasoup-client/types';
import { asParleyError, codeOf } from '../parleyErrors.js';
import { errorOf, type TrackName } from '../protocol/index.js';

/** What a publication needs from its session. */
export interface PublicationHost {
  /** Runs steps one after the other, so that a mute cannot overtake its publishing. */
  enqueue<T>(step: () => Promise<T>): Promise<T>;
  setPaused(options: { producerId: string; paused: boolean }): Promise<void>;
  closeProducer(producerId: string): Promise<void>;
  /** Sends the track now, if there is a connection. */
  produce(publication: Publication): Promise<void>;
  forget(publication: Publication): void;
}

export interface PublicationOptions {
  name: TrackName;
  track: MediaStreamTrack;
  /** Whether it starts muted. Default false. */
  muted?: boolean;
  /** Whether the caller reports when the track is gone. Default false: its end is detected here. */
  followed?: boolean;
  host: PublicationHost;
}

/** The producer of a publication, for the lifetime of its transport. */
interface Sending {
  readonly producer: Producer;
  pausedHere: boolean;
  pausedThere: boolean;
}

/**
 * A track that is being sent, from `ParleyClient.publish`. Survives a lost connection: after a reconnect, the client publishes it again,
 * muted or not as before.
 */
export class Publication {
  readonly name: TrackName;
  readonly #host: PublicationHost;
  readonly #followed: boolean;
  readonly #onTrackEnded = () => {
    // The previous track may end.
    if (!this.#followed && this.#track.readyState === 'ended') void this.interrupt().catch(() => {});
  };
  #track: MediaStreamTrack;
  /** About to replace the track. */
  #next: MediaStreamTrack | undefined;
  #sending: Sending | undefined;
  #muted = false;
  /** The microphone is gone. Not muted, but there is nothing to send until there is another track. */
  #interrupted = false;
  #closed = false;

  /** @internal */
  constructor(options: PublicationOptions) {
    this.name = options.name;
    this.#track = options.track;
    this.#muted = options.muted ?? false;
    this.#host = options.host;
    this.#followed = options.followed ?? false;
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** @internal Muted, or without a microphone. The others see both as muted. */
  get paused(): boolean {
    return this.#muted || this.#interrupted;
  }

  /** Closed with `close`, or because the room was left. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Stops sending immediately, whatever the network does (`track.enabled` is false). Resolves once the server knows; it then shows the
   * participant as muted and ends the open utterance.
   * @throws ParleyError, as a rejection: `REQUEST_TIMEOUT`, or the server's error; it is muted nevertheless
   */
  async mute(): Promise<void> {
    await this.#setMuted(true);
  }

  /**
   * @throws ParleyError, as a rejection: `MUTED_BY_MODERATOR`, which leaves it muted; `REQUEST_TIMEOUT`, or another error of the server
   */
  async unmute(): Promise<void> {
    await this.#setMuted(false);
  }

  /**
   * Sends another track from now on. Muted stays muted; a publication whose track had ended sends audio again. The old track is not
   * stopped: it belongs to the caller.
   * @throws ParleyError, as a rejection: `MICROPHONE_NOT_FOUND` if the new track has ended, `PRODUCER_NOT_FOUND` if this publication is
   * closed; the old track stays in use
   */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    await this.#host.enqueue(async () => {
      if (this.#closed) throw errorOf('PRODUCER_NOT_FOUND', { message: 'This publication is closed.' });
      assertUsable(track);
      this.#next = track;
      track.enabled = !this.#muted;
      try {
        if (this.#isSending()) await this.#sending?.producer.replaceTrack({ track });
        this.#track = track;
      } catch (error) {
        if (this.#isSending()) throw asParleyError(error, 'BROWSER_UNSUPPORTED');
        // The connection was lost in the meantime: the new track is used after the reconnect.
        this.#track = track;
      } finally {
        this.#next = undefined;
      }
      this.#interrupted = false;
      if (this.#isSending()) {
        track.addEventListener('ended', this.#onTrackEnded);
        await this.#syncPaused();
      } else {
        await this.#host.produce(this);
      }
    });
  }

  /** Stops sending. The track is not stopped: it belongs to the caller. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.forget(this);
    const known = this.#sending;
    const wasSending = this.#isSending();
    known?.producer.close();
    await this.#host.enqueue(async () => {
      const sending = this.#sending;
      this.#sending = undefined;
      // A producer that was attached while this waited in the queue is closed here.
      if (sending === undefined || (sending === known ? !wasSending : sending.producer.closed)) return;
      sending.producer.close();
      await ignoreLost(this.#host.closeProducer(sending.producer.id));
    });
  }

  /** @internal Called with the producer when it is created, and again after each reconnect. */
  attach({ producer, paused }: { producer: Producer; paused: boolean }): void {
    this.#track.addEventListener('ended', this.#onTrackEnded);
    this.#sending = { producer, pausedHere: paused, pausedThere: paused };
    if (paused) producer.pause();
  }

  /**
   * @internal The microphone is gone. The producer is paused, so that the others see the participant as muted and not as disconnected.
   * `muted` does not change. The next `replaceTrack` resumes it.
   */
  async interrupt(): Promise<void> {
    if (this.#closed || this.#interrupted) return;
    this.#interrupted = true;
    await this.#host.enqueue(() => this.#syncPaused());
  }

  /** @internal The server paused a producer. @returns whether it is this publication's */
  pausedByServer(producerId: string): boolean {
    const sending = this.#sending;
    if (sending?.producer.id !== producerId) return false;
    sending.pausedThere = true;
    void this.#setMuted(true).catch(() => {});
    return true;
  }

  /** @internal The server does not let it be unmuted: it is muted here, too. */
  silence(): void {
    this.#muted = true;
    this.#track.enabled = false;
    if (this.#next !== undefined) this.#next.enabled = false;
    const sending = this.#sending;
    if (sending === undefined || sending.producer.closed) return;
    if (!sending.pausedHere) sending.producer.pause();
    sending.pausedHere = true;
  }

  /** @internal The room was left: nothing is sent any more. */
  end(): void {
    this.#closed = true;
    this.#sending = undefined;
  }

  #isSending(): boolean {
    return this.#sending !== undefined && !this.#sending.producer.closed;
  }

  async #setMuted(muted: boolean): Promise<void> {
    if (this.#closed) return;
    this.#muted = muted;
    // Takes effect here at once; the producer follows in its turn.
    this.#track.enabled = !muted;
    if (this.#next !== undefined) this.#next.enabled = !muted;
    await this.#host.enqueue(() => this.#syncPaused());
  }

  async #syncPaused(): Promise<void> {
    const sending = this.#sending;
    // The next producer is created with the current `paused`.
    if (sending === undefined || sending.producer.closed) return;
    const { paused } = this;
    if (sending.pausedHere !== paused) {
      if (paused) sending.producer.pause();
      else sending.producer.resume();
      sending.pausedHere = paused;
    }
    if (sending.pausedThere === paused) return;
    try {
      await this.#host.setPaused({ producerId: sending.producer.id, paused });
      sending.pausedThere = paused;
    } catch (error) {
      if (codeOf(error) === 'MUTED_BY_MODERATOR') this.silence();
      if (!sending.producer.closed && codeOf(error) !== 'PRODUCER_NOT_FOUND') throw error;
    }
  }
}

/** Paused and without a microphone: sent again when there is another track. */
export function isDormant({ track, paused }: Publication): boolean {
  return paused && track.readyState === 'ended';
}

/** @throws ParleyError `INVALID_RTP_PARAMETERS` for video, `MICROPHONE_NOT_FOUND` if the track has ended */
export function assertUsable(track: MediaStreamTrack): void {
  if (track.kind !== 'audio') throw errorOf('INVALID_RTP_PARAMETERS');
  if (track.readyState !== 'ended') return;
  throw errorOf('MICROPHONE_NOT_FOUND', {
    message: 'This track has ended: its microphone was unplugged or stopped. Capture it again.',
  });
}

/** A producer that no longer exists does not have to be closed. */
async function ignoreLost(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const code = codeOf(error);
    if (
      code === undefined ||
      !['PRODUCER_NOT_FOUND', 'NOT_JOINED', 'CONNECTION_LOST', 'CLIENT_CLOSED'].includes(code)
    ) {
      throw error;
    }
  }
}
