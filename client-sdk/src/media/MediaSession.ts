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
  /** Whether to receive the others' audio. */
  receive: boolean;
  /** Options of a device other than the browser's. */
  device?: DeviceOptions | undefined;
  logger?: Logger;
}

export interface MediaSessionEvents {
  trackSubscribed: [subscription: Subscription];
  trackUnsubscribed: [subscription: { participantId: string; consumerId: string }];
  /** A step failed that no caller awaits. */
  error: [event: { error: ParleyError }];
  /** A moderator muted the participant, so the server accepts this publication only muted. */
  silenced: [event: { publication: Publication }];
  /** Media failed on this connection; a new connection may help. */
  lost: [event: { error: ParleyError }];
}

export type MediaNotification = Extract<
  SignalingNotification,
  { name: 'consumerCreated' | 'consumerClosed' | 'transportClosed' | 'mediaRestarted' }
>;

interface RouterParameters {
  routerRtpCapabilities: RtpCapabilities;
  /** Used instead of the server's ICE servers. */
  iceServers?: IceServer[] | undefined;
}

/** More steps wait only if something is wrong. */
const QUEUE_CAPACITY = 1_000;

/**
 * The media of one stay in a room: what this client sends and receives. Survives lost connections and restarts of the server's media. All
 * steps run one after the other.
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
  /** Counts connections and routers; steps started for an earlier one are cancelled. */
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
        const link = this.#link;
        if (link !== undefined) await this.#mutedIfMust(publication, () => link.produce(publication));
      },
      forget: (publication) => this.#publications.delete(publication),
    };
  }

  /**
   * Sets up the media of a room that was joined or rejoined: opens the receiving transport and publishes everything again that was
   * published before. A browser without WebRTC gets no media, and an `error` event if it wanted to receive.
   * @throws ParleyError, as a rejection: the server's error, `CONNECTION_LOST`, or `NOT_JOINED` if this was closed in the meantime
   */
  open(parameters: RouterParameters): Promise<void> {
    const epoch = this.#newEpoch();
    return this.#queue.run(() => this.#build(parameters, epoch));
  }

  /** The connection was lost, and all media with it. Publications wait for `open`. */
  suspend(): void {
    this.#newEpoch();
  }

  /**
   * Sends a track, muted from the start if `muted`. If `followed`, the caller reports when the track is gone; otherwise its end is detected
   * here.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `CONNECTION_LOST`, `BROWSER_UNSUPPORTED`, `MICROPHONE_NOT_FOUND`, or the server's
   * error
   */
  async publish(options: Omit<PublicationOptions, 'host'>): Promise<Publication> {
    const publication = new Publication({ ...options, host: this.#host });
    await this.#queue.run(async () => {
      if (this.#closed) throw errorOf('NOT_JOINED');
      if (this.#unsupported !== undefined) throw this.#unsupported;
      if (this.#link === undefined) throw errorOf('CONNECTION_LOST');
      const epoch = this.#epoch;
      try {
        const link = this.#link;
        await this.#mutedIfMust(publication, () => produceWith(link, publication));
      } catch (error) {
        this.#assertCurrent(epoch);
        throw error;
      }
      this.#assertCurrent(epoch);
      this.#publications.add(publication);
    });
    return publication;
  }

  /** Handles the server's notifications about media. */
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
    // Started in order but not awaited, so that tracks that arrive together are negotiated together.
    this.#inBackground(async () => {
      this.#link?.consume(announced).catch((error: unknown) => this.#tell(error));
    });
  }

  onConsumerClosed({ consumerId }: Notifications['consumerClosed']): void {
    this.#inBackground(async () => this.#link?.unsubscribe(consumerId));
  }

  /** @returns the publications that are now muted */
  onPausedByServer(producerIds: readonly string[]): Publication[] {
    return [...this.#publications].filter((publication) =>
      producerIds.some((producerId) => publication.pausedByServer(producerId)),
    );
  }

  /** The server closed a transport: replaces it. */
  onTransportClosed({ transportId }: { transportId: string }): void {
    const epoch = this.#epoch;
    this.#queue
      .run(async () => {
        if (epoch !== this.#epoch) return;
        const direction = this.#link?.drop(transportId);
        if (direction === undefined) return;
        this.#logger.warn('replacing a transport', { direction });
        if (direction === 'recv') await this.#link?.openReceiving();
        else await this.#publishAgain(epoch);
      })
      .catch((error: unknown) => this.#giveUp(error, epoch));
  }

  /** The room moved to another router: everything is created again. */
  onMediaRestarted({ routerRtpCapabilities }: Notifications['mediaRestarted']): void {
    this.#logger.warn('setting up media again');
    const epoch = this.#newEpoch();
    this.#queue
      .run(() => this.#build({ routerRtpCapabilities, iceServers: this.#iceServers }, epoch))
      .catch((error: unknown) => this.#giveUp(error, epoch));
  }

  /** The device changed networks: restarts ICE on all transports. */
  restartIce(): void {
    this.#link?.restartIce();
  }

  /** Whether this client sends audio: something published that is neither muted nor without a microphone. */
  get speaks(): boolean {
    return [...this.#publications].some(({ paused, track }) => !paused && track.readyState === 'live');
  }

  /** The browser's counts of sent and received media; undefined while there is no connection. */
  async measure(): Promise<MediaCounts | undefined> {
    return this.#link?.measure();
  }

  /** Stops sending and receiving. Idempotent. */
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

  /** A track that can no longer be sent, e.g. of an unplugged microphone, does not block the others. */
  async #publishAgain(epoch: number): Promise<void> {
    for (const publication of this.#publications) {
      try {
        const link = this.#link;
        if (link !== undefined) await this.#mutedIfMust(publication, () => produceWith(link, publication));
      } catch (error) {
        this.#assertCurrent(epoch);
        this.#tell(error);
      }
      this.#assertCurrent(epoch);
    }
  }

  /** A participant whom a moderator muted can only publish muted. */
  async #mutedIfMust(publication: Publication, produce: () => Promise<void>): Promise<void> {
    try {
      await produce();
    } catch (error) {
      if (codeOf(error) !== 'MUTED_BY_MODERATOR' || publication.paused) throw error;
      publication.silence();
      await produce();
      this.emit('silenced', { publication });
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

  /** A lost connection is reported by the channel. */
  #tell(error: unknown): void {
    const known = asParleyError(error, 'MEDIA_UNAVAILABLE');
    if (this.#closed || known.code === 'CONNECTION_LOST' || known.code === 'CLIENT_CLOSED') return;
    this.#logger.warn('media', { code: known.code });
    this.emit('error', { error: known });
  }
}

/** A paused publication without a microphone is sent as paused silence. If silence cannot be created, it waits for its next track. */
async function produceWith(link: RouterLink, publication: Publication): Promise<void> {
  if (isDormant(publication)) {
    if (!canMakeSilence()) return;
  } else {
    assertUsable(publication.track);
  }
  await link.produce(publication);
}
