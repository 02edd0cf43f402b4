import type { Producer } from 'mediasoup-client/types';
import { asParleyError, codeOf } from '../parleyErrors.js';
import { errorOf, type TrackName } from '../protocol/index.js';

/** What a publication needs of the session that it belongs to. */
export interface PublicationHost {
  /** Runs one step after the other, so that a mute cannot overtake the publishing that it belongs to. */
  enqueue<T>(step: () => Promise<T>): Promise<T>;
  setPaused(options: { producerId: string; paused: boolean }): Promise<void>;
  closeProducer(producerId: string): Promise<void>;
  /** Sends the track now, if there is anybody to send it to. */
  produce(publication: Publication): Promise<void>;
  forget(publication: Publication): void;
}

export interface PublicationOptions {
  name: TrackName;
  track: MediaStreamTrack;
  /** Whether it begins muted. Default false. */
  muted?: boolean;
  /** Whether somebody looks after the track and says when it is gone. Default false: its end is noticed here. */
  followed?: boolean;
  host: PublicationHost;
}

/** The server's side of a publication, as long as its transport lives. */
interface Sending {
  readonly producer: Producer;
  pausedHere: boolean;
  pausedThere: boolean;
}

/**
 * A track that is being sent, from `ParleyClient.publish`. Outlives a lost connection: the client publishes it again, muted or not
 * as it was, when it is back.
 */
export class Publication {
  readonly name: TrackName;
  readonly #host: PublicationHost;
  readonly #followed: boolean;
  readonly #onTrackEnded = () => {
    // The one before may end as it likes.
    if (!this.#followed && this.#track.readyState === 'ended') void this.interrupt().catch(() => {});
  };
  #track: MediaStreamTrack;
  /** On its way to replace the track. */
  #next: MediaStreamTrack | undefined;
  #sending: Sending | undefined;
  #muted = false;
  /** The microphone is gone: nobody has muted it, but there is nothing to send before there is another track. */
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

  /** @internal Muted, or without a microphone: either way the others see it muted. */
  get paused(): boolean {
    return this.#muted || this.#interrupted;
  }

  /** By `close`, or because the room was left. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Nothing is sent any more from the call on, whatever the network does (`track.enabled` is false). Resolves when the server
   * knows, too: it shows the participant as muted and closes the open utterance.
   * @throws ParleyError, as a rejection: `REQUEST_TIMEOUT`, or what the server answers; muted it is all the same
   */
  async mute(): Promise<void> {
    await this.#setMuted(true);
  }

  /**
   * @throws ParleyError, as a rejection: `MUTED_BY_MODERATOR`, which leaves it muted; `REQUEST_TIMEOUT`, or what else the server
   * answers
   */
  async unmute(): Promise<void> {
    await this.#setMuted(false);
  }

  /**
   * Sends another microphone from now on; muted stays muted, and one that had ended is heard again. The old track is left to its
   * owner, who may want to stop it.
   * @throws ParleyError, as a rejection: `MICROPHONE_NOT_FOUND` when the new track has ended, `PRODUCER_NOT_FOUND` when this
   * publication is closed; the old track is sent on
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
        // The connection went meanwhile: the new track is the one to come back with.
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

  /** Stops sending. The track is left to its owner. Idempotent. */
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
      // One that was attached while this waited in the queue is closed here.
      if (sending === undefined || (sending === known ? !wasSending : sending.producer.closed)) return;
      sending.producer.close();
      await ignoreLost(this.#host.closeProducer(sending.producer.id));
    });
  }

  /** @internal The server's side of it, made for the first time or again. */
  attach({ producer, paused }: { producer: Producer; paused: boolean }): void {
    this.#track.addEventListener('ended', this.#onTrackEnded);
    this.#sending = { producer, pausedHere: paused, pausedThere: paused };
    if (paused) producer.pause();
  }

  /**
   * @internal The microphone is gone. The server is told to wait, so that the others see somebody who is muted and not a connection that
   * is lost; `muted` stays what it is. The next `replaceTrack` goes on.
   */
  async interrupt(): Promise<void> {
    if (this.#closed || this.#interrupted) return;
    this.#interrupted = true;
    await this.#host.enqueue(() => this.#syncPaused());
  }

  /** @internal The server has paused one of its producers. @returns whether it is this publication's */
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

  /** @internal The room was left: nothing will be sent any more. */
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
    // At once and here. The producer follows in its turn.
    this.#track.enabled = !muted;
    if (this.#next !== undefined) this.#next.enabled = !muted;
    await this.#host.enqueue(() => this.#syncPaused());
  }

  async #syncPaused(): Promise<void> {
    const sending = this.#sending;
    // Whoever publishes it next takes `paused` along.
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

/** Paused, and without a microphone: it is sent again when there is another track. */
export function isDormant({ track, paused }: Publication): boolean {
  return paused && track.readyState === 'ended';
}

/** @throws ParleyError `INVALID_RTP_PARAMETERS` for a picture, `MICROPHONE_NOT_FOUND` for what has ended */
export function assertUsable(track: MediaStreamTrack): void {
  if (track.kind !== 'audio') throw errorOf('INVALID_RTP_PARAMETERS');
  if (track.readyState !== 'ended') return;
  throw errorOf('MICROPHONE_NOT_FOUND', {
    message: 'This track has ended: its microphone was unplugged or stopped. Capture it again.',
  });
}

/** What is not there any more does not have to be closed. */
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
