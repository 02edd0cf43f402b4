import type { DeviceOptions } from 'mediasoup-client/types';
import { type Logger, SILENT } from '../Logger.js';
import { asParleyError, codeOf } from '../parleyErrors.js';
import {
  errorOf,
  type IceServer,
  type Notifications,
  type ParleyError,
  type RtpCapabilities,
} from '../protocol/index.js';
import type { SignalingChannel, SignalingNotification } from '../signaling/SignalingChannel.js';
import { TaskQueue } from '../TaskQueue.js';
import { TypedEmitter } from '../TypedEmitter.js';
import type { MediaCounts } from './mediaCounts.js';
import { assertUsable, isDormant, Publication, type PublicationHost, type PublicationOptions } from './Publication.js';
import { RouterLink, type Subscription } from './RouterLink.js';
import { canMakeSilence } from './silence.js';

export interface MediaSessionOptions {
  channel: Pick<SignalingChannel, 'request'>;
  /** Whether the others' audio is wanted. */
  receive: boolean;
  /** Another handler than the browser's. */
  device?: DeviceOptions | undefined;
  logger?: Logger;
}

export interface MediaSessionEvents {
  trackSubscribed: [subscription: Subscription];
  trackUnsubscribed: [subscription: { participantId: string; consumerId: string }];
  /** Something failed that nobody waits for. */
  error: [event: { error: ParleyError }];
  /** Media cannot be had on this connection any more; another connection may help. */
  lost: [event: { error: ParleyError }];
}

export type MediaNotification = Extract<
  SignalingNotification,
  { name: 'consumerCreated' | 'consumerClosed' | 'transportClosed' | 'mediaRestarted' }
>;

interface RouterParameters {
  routerRtpCapabilities: RtpCapabilities;
  /** Used instead of the ones that the server names. */
  iceServers?: IceServer[] | undefined;
}

/** More steps than that wait only where something is wrong. */
const QUEUE_CAPACITY = 1_000;

/**
 * The media of one stay in a room, through lost connections and restarts of the server's media: what this client sends, and what
 * it hears. All steps run one after the other.
 */
export class MediaSession extends TypedEmitter<MediaSessionEvents> {
  readonly #options: MediaSessionOptions;
  readonly #logger: Logger;
  readonly #queue = new TaskQueue({ capacity: QUEUE_CAPACITY });
  readonly #publications = new Set<Publication>();
  readonly #host: PublicationHost;
  #link: RouterLink | undefined;
  #iceServers: IceServer[] | undefined;
  #unsupported: ParleyError | undefined;
  /** Counts connections and routers: what was begun for an earlier one comes to nothing. */
  #epoch = 0;
  #closed = false;

  constructor(options: MediaSessionOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    const { channel } = options;
    this.#host = {
      enqueue: (step) => this.#queue.run(step),
      setPaused: async ({ producerId, paused }) => {
        await channel.request(paused ? 'pauseProducer' : 'resumeProducer', { producerId });
      },
      closeProducer: async (producerId) => {
        await channel.request('closeProducer', { producerId });
      },
      produce: async (publication) => {
        await this.#link?.produce(publication);
      },
      forget: (publication) => this.#publications.delete(publication),
    };
  }

  /**
   * Media of a room that has just been joined, for the first time or again: the way in is opened, and everything published before
   * is published again. A browser without WebRTC gets neither, which is told by `error` if it wanted to hear.
   * @throws ParleyError, as a rejection: what the server answers, `CONNECTION_LOST`, or `NOT_JOINED` when this was closed meanwhile
   */
  open(parameters: RouterParameters): Promise<void> {
    const epoch = this.#newEpoch();
    return this.#queue.run(() => this.#build(parameters, epoch));
  }

  /** The connection is lost, and all media with it; publications wait for `open`. */
  suspend(): void {
    this.#newEpoch();
  }

  /**
   * Sends a track; `muted` from the start where it is to be. `followed` by somebody who says when it is gone, or else watched.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `CONNECTION_LOST`, `BROWSER_UNSUPPORTED`, `MICROPHONE_NOT_FOUND`, or what the
   * server answers
   */
  async publish(options: Omit<PublicationOptions, 'host'>): Promise<Publication> {
    const publication = new Publication({ ...options, host: this.#host });
    await this.#queue.run(async () => {
      if (this.#closed) throw errorOf('NOT_JOINED');
      if (this.#unsupported !== undefined) throw this.#unsupported;
      if (this.#link === undefined) throw errorOf('CONNECTION_LOST');
      const epoch = this.#epoch;
      try {
        await produceWith(this.#link, publication);
      } catch (error) {
        this.#assertCurrent(epoch);
        throw error;
      }
      this.#assertCurrent(epoch);
      this.#publications.add(publication);
    });
    return publication;
  }

  /** What the server tells of media. */
  onNotification({ name, payload }: MediaNotification): void {
    switch (name) {
      case 'consumerCreated':
        this.onConsumerCreated(payload);
        return;
      case 'consumerClosed':
        this.onConsumerClosed(payload);
        return;
      case 'transportClosed':
        this.onTransportClosed(payload);
        return;
      case 'mediaRestarted':
        this.onMediaRestarted(payload);
        return;
    }
  }

  /** The server announces a track. */
  onConsumerCreated(announced: Notifications['consumerCreated']): void {
    // Begun in order, but not waited for: what comes together is negotiated together.
    this.#inBackground(async () => {
      this.#link?.consume(announced).catch((error: unknown) => this.#tell(error));
    });
  }

  onConsumerClosed({ consumerId }: Notifications['consumerClosed']): void {
    this.#inBackground(async () => this.#link?.unsubscribe(consumerId));
  }

  /** @returns the publications that are muted now */
  onPausedByServer(producerIds: readonly string[]): Publication[] {
    return [...this.#publications].filter((publication) =>
      producerIds.some((producerId) => publication.pausedByServer(producerId)),
    );
  }

  /** The server gave a transport up: another one takes its place. */
  onTransportClosed({ transportId }: { transportId: string }): void {
    const epoch = this.#epoch;
    this.#queue
      .run(async () => {
        if (epoch !== this.#epoch) return;
        const direction = this.#link?.drop(transportId);
        if (direction === undefined) return;
        this.#logger.warn('a transport is made anew', { direction });
        if (direction === 'recv') await this.#link?.openReceiving();
        else await this.#publishAgain(epoch);
      })
      .catch((error: unknown) => this.#giveUp(error, epoch));
  }

  /** The room moved to another router: everything is made anew. */
  onMediaRestarted({ routerRtpCapabilities }: Notifications['mediaRestarted']): void {
    this.#logger.warn('media are made anew');
    const epoch = this.#newEpoch();
    this.#queue
      .run(() => this.#build({ routerRtpCapabilities, iceServers: this.#iceServers }, epoch))
      .catch((error: unknown) => this.#giveUp(error, epoch));
  }

  /** The machine is in another network now: looks for a new way for everything that is sent and heard. */
  restartIce(): void {
    this.#link?.restartIce();
  }

  /** Whether anything is to be heard of this client: something published that is neither muted nor without a microphone. */
  get speaks(): boolean {
    return [...this.#publications].some(({ paused, track }) => !paused && track.readyState === 'live');
  }

  /** What the browser counts of what is sent and heard; undefined while there is no connection. */
  async measure(): Promise<MediaCounts | undefined> {
    return this.#link?.measure();
  }

  /** Ends everything that is sent and heard. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#newEpoch();
    for (const publication of this.#publications) publication.end();
    this.#publications.clear();
    this.removeAllListeners();
  }

  async #build(parameters: RouterParameters, epoch: number): Promise<void> {
    this.#assertCurrent(epoch);
    this.#iceServers = parameters.iceServers;
    this.#unsupported = undefined;
    const { channel, receive, device } = this.#options;
    let link: RouterLink;
    try {
      link = await RouterLink.create({
        ...parameters,
        channel,
        receive,
        device,
        onTrackSubscribed: (subscription) => this.emit('trackSubscribed', subscription),
        onTrackUnsubscribed: (subscription) => this.emit('trackUnsubscribed', subscription),
        onTransportLost: (transport) => this.onTransportClosed(transport),
        onError: (error) => this.#tell(error),
      });
    } catch (error) {
      this.#assertCurrent(epoch);
      this.#unsupported = asParleyError(error, 'BROWSER_UNSUPPORTED');
      if (receive) this.#tell(this.#unsupported);
      return;
    }
    this.#assertCurrent(epoch);
    this.#link = link;
    try {
      await link.openReceiving();
    } catch (error) {
      this.#assertCurrent(epoch);
      throw error;
    }
    await this.#publishAgain(epoch);
  }

  /** One track that cannot be sent any more, e.g. of an unplugged microphone, does not keep the others back. */
  async #publishAgain(epoch: number): Promise<void> {
    for (const publication of this.#publications) {
      try {
        if (this.#link !== undefined) await produceWith(this.#link, publication);
      } catch (error) {
        this.#assertCurrent(epoch);
        this.#tell(error);
      }
      this.#assertCurrent(epoch);
    }
  }

  #newEpoch(): number {
    this.#link?.close();
    this.#link = undefined;
    this.#epoch += 1;
    return this.#epoch;
  }

  #assertCurrent(epoch: number): void {
    if (this.#closed) throw errorOf('NOT_JOINED');
    if (epoch !== this.#epoch) throw errorOf('CONNECTION_LOST');
  }

  #giveUp(error: unknown, epoch: number): void {
    if (this.#closed || epoch !== this.#epoch || codeOf(error) === 'CONNECTION_LOST') return;
    this.emit('lost', { error: asParleyError(error, 'MEDIA_UNAVAILABLE') });
  }

  #inBackground(step: () => Promise<void>): void {
    this.#queue.run(step).catch((error: unknown) => this.#tell(error));
  }

  /** A lost connection is told by the channel. */
  #tell(error: unknown): void {
    const known = asParleyError(error, 'MEDIA_UNAVAILABLE');
    if (this.#closed || known.code === 'CONNECTION_LOST' || known.code === 'CLIENT_CLOSED') return;
    this.#logger.warn('media', { code: known.code });
    this.emit('error', { error: known });
  }
}

/** One that is paused without a microphone is shown muted by silence, or, where there is none to be had, waits for its next track. */
async function produceWith(link: RouterLink, publication: Publication): Promise<void> {
  if (isDormant(publication)) {
    if (!canMakeSilence()) return;
  } else {
    assertUsable(publication.track);
  }
  await link.produce(publication);
}
