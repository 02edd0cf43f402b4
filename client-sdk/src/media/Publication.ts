import type { Producer } from 'mediasoup-client/types';
import type { TrackName } from '../protocol/index.js';

/** What a publication needs of its client. */
export interface PublicationHost {
  /** Runs one step after the other, so that a mute cannot overtake the publishing it belongs to. */
  enqueue<T>(step: () => Promise<T>): Promise<T>;
  setPaused(options: { producerId: string; paused: boolean }): Promise<void>;
  closeProducer(producerId: string): Promise<void>;
  forget(publication: Publication): void;
}

/** A track that is being sent. Outlives a lost connection: the client publishes it again when it is back. */
export class Publication {
  readonly name: TrackName;
  readonly #host: PublicationHost;
  #track: MediaStreamTrack;
  #producer: Producer | undefined;
  #muted = false;
  #closed = false;

  /** @internal */
  constructor(options: { name: TrackName; track: MediaStreamTrack; host: PublicationHost }) {
    this.name = options.name;
    this.#track = options.track;
    this.#host = options.host;
  }

  get track(): MediaStreamTrack {
    return this.#track;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Nothing is sent any more from this moment on; the server closes the open utterance. */
  async mute(): Promise<void> {
    await this.#setMuted(true);
  }

  async unmute(): Promise<void> {
    await this.#setMuted(false);
  }

  /** Sends another microphone from now on. The old track is left to its owner. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.#track = track;
    track.enabled = !this.#muted;
    await this.#host.enqueue(async () => {
      await this.#producer?.replaceTrack({ track });
    });
  }

  /** Stops sending. The track is left to its owner. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.forget(this);
    await this.#host.enqueue(async () => {
      const producer = this.#producer;
      this.#producer = undefined;
      if (producer !== undefined && !producer.closed) {
        producer.close();
        await this.#host.closeProducer(producer.id);
      }
    });
  }

  /** @internal The server's side of it, made for the first time or again. */
  attach(producer: Producer): void {
    this.#producer = producer;
  }

  /** @internal */
  get producer(): Producer | undefined {
    return this.#producer;
  }

  async #setMuted(muted: boolean): Promise<void> {
    this.#muted = muted;
    // At once and here, whatever the network does.
    this.#track.enabled = !muted;
    await this.#host.enqueue(async () => {
      const producer = this.#producer;
      if (producer === undefined || producer.closed || producer.paused === muted) return;
      if (muted) producer.pause();
      else producer.resume();
      await this.#host.setPaused({ producerId: producer.id, paused: muted });
    });
  }
}
