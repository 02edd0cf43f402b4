import { Device } from 'mediasoup-client';
import type {
  RtpCapabilities as DeviceCapabilities,
  DeviceOptions,
  RtpParameters as DeviceRtpParameters,
  Transport,
  TransportOptions,
} from 'mediasoup-client/types';
import { asParleyError, codeOf } from '../parleyErrors.js';
import {
  errorOf,
  type IceServer,
  type Notifications,
  type ParleyError,
  type RequestName,
  type RequestOf,
  type ResponseOf,
  type RtpCapabilities,
  type RtpParameters,
  type TrackName,
  type TransportParameters,
} from '../protocol/index.js';
import type { SignalingChannel } from '../signaling/SignalingChannel.js';
import { type IceRecovery, recoverIce } from './iceRecovery.js';
import { type MediaCounts, readReceived, readSent, type StatsReport } from './mediaCounts.js';
import { isDormant, type Publication } from './Publication.js';
import { createSilence } from './silence.js';

export interface RouterLinkOptions {
  channel: Pick<SignalingChannel, 'request'>;
  routerRtpCapabilities: RtpCapabilities;
  /** Used instead of the server's ICE servers. */
  iceServers?: IceServer[] | undefined;
  /** Whether to receive the others' audio. */
  receive: boolean;
  /** Options of a device other than the browser's. */
  device: DeviceOptions | undefined;
  onTrackSubscribed: (subscription: Subscription) => void;
  onTrackUnsubscribed: (subscription: { participantId: string; consumerId: string }) => void;
  /** The server does not know this transport any more. */
  onTransportLost: (transport: { transportId: string }) => void;
  /** A step failed that no caller awaits. */
  onError: (error: ParleyError) => void;
}

/** A participant's audio, as it is played here. */
export interface Subscription {
  participantId: string;
  consumerId: string;
  track: MediaStreamTrack;
}

interface OpenSubscription extends Subscription {
  producerId: string;
  /** SSRC of its RTP stream. */
  ssrc: number | undefined;
  close(): void;
}

/** What this browser and one router of the server have with each other: a transport each way, and what flows through them. */
export class RouterLink {
  readonly #options: RouterLinkOptions;
  readonly #device: Device;
  readonly #subscriptions = new Map<string, OpenSubscription>();
  /** Consumers that are being set up, by id; `false` once the server has closed them. */
  readonly #arriving = new Map<string, { producerId: string; wanted: boolean }>();
  /** Rejects the requests that wait for an answer. */
  readonly #aborts = new Set<() => void>();
  readonly #recoveries = new Map<string, IceRecovery>();
  #sending: Transport | undefined;
  #receiving: Transport | undefined;
  #closed = false;

  private constructor(options: RouterLinkOptions, device: Device) {
    this.#options = options;
    this.#device = device;
  }

  /** @throws ParleyError, as a rejection: `BROWSER_UNSUPPORTED`, or the server's error */
  static async create(options: RouterLinkOptions): Promise<RouterLink> {
    let device: Device;
    try {
      device = new Device(options.device);
      await device.load({ routerRtpCapabilities: options.routerRtpCapabilities as DeviceCapabilities });
    } catch (error) {
      throw errorOf('BROWSER_UNSUPPORTED', { cause: error });
    }
    return new RouterLink(options, device);
  }

  /** Opens the receiving transport, if wanted. From then on the server announces all tracks. */
  async openReceiving(): Promise<void> {
    if (!this.#options.receive) return;
    const rtpCapabilities = this.#device.recvRtpCapabilities as RtpCapabilities;
    const parameters = await this.#request('createTransport', { direction: 'recv', rtpCapabilities });
    this.#receiving = this.#device.createRecvTransport(this.#transportOptions(parameters));
    this.#attend(this.#receiving);
  }

  /** Sends a publication's track, or paused silence if it has no microphone at the moment. */
  async produce(publication: Publication): Promise<void> {
    this.#sending ??= await this.#openSending();
    const sending = this.#sending;
    const { track, name, paused } = publication;
    const silence = isDormant(publication) ? createSilence() : undefined;
    try {
      const producer = await sending.produce({
        track: silence?.track ?? track,
        // The track belongs to the caller; a muted one sends nothing at all.
        stopTracks: false,
        zeroRtpOnPause: true,
        codecOptions: { opusStereo: false, opusDtx: true, opusFec: true, opusNack: true, opusMaxPlaybackRate: 48_000 },
        appData: { track: name, paused },
      });
      publication.attach({ producer, paused });
    } catch (error) {
      // The library throws this if the transport was closed in the meantime.
      throw asParleyError(error, sending.closed ? 'MEDIA_UNAVAILABLE' : 'BROWSER_UNSUPPORTED');
    } finally {
      silence?.release();
    }
  }

  /** Receives a track that the server announced. */
  async consume(announced: Notifications['consumerCreated']): Promise<void> {
    const { consumerId, producerId, participantId, rtpParameters } = announced;
    const receiving = this.#receiving;
    // A track that was announced twice would be played twice.
    if (this.#closed || receiving === undefined || this.#hears(producerId)) return;
    const arrival = { producerId, wanted: true };
    this.#arriving.set(consumerId, arrival);
    try {
      const consumer = await receiving.consume({
        id: consumerId,
        producerId,
        kind: 'audio',
        rtpParameters: rtpParameters as DeviceRtpParameters,
      });
      if (receiving.closed || !arrival.wanted) {
        consumer.close();
        return;
      }
      const subscription = { participantId, consumerId, track: consumer.track };
      this.#subscriptions.set(consumerId, {
        ...subscription,
        producerId,
        ssrc: rtpParameters.encodings?.[0]?.ssrc,
        close: () => consumer.close(),
      });
      this.#options.onTrackSubscribed(subscription);
    } catch (error) {
      if (!receiving.closed) throw asParleyError(error, 'BROWSER_UNSUPPORTED');
      return;
    } finally {
      this.#arriving.delete(consumerId);
    }
    await this.#startFlow(consumerId);
  }

  unsubscribe(consumerId: string): void {
    const arrival = this.#arriving.get(consumerId);
    if (arrival !== undefined) arrival.wanted = false;
    const subscription = this.#subscriptions.get(consumerId);
    if (subscription === undefined) return;
    this.#subscriptions.delete(consumerId);
    subscription.close();
    this.#options.onTrackUnsubscribed({ participantId: subscription.participantId, consumerId });
  }

  /** Closes a transport that the server has closed. @returns its direction if it was one of ours */
  drop(transportId: string): 'send' | 'recv' | undefined {
    if (this.#sending?.id === transportId) {
      this.#sending.close();
      this.#sending = undefined;
      return 'send';
    }
    if (this.#receiving?.id === transportId) {
      this.#closeReceiving();
      return 'recv';
    }
    return undefined;
  }

  /** Restarts ICE on both transports. */
  restartIce(): void {
    for (const recovery of this.#recoveries.values()) recovery.restart();
  }

  /** The browser's counts, read once per transport: reading them per track would be slow in a large room. */
  async measure(): Promise<MediaCounts> {
    const [sending, receiving] = await Promise.all([statsOf(this.#sending), statsOf(this.#receiving)]);
    const sent = sending === undefined ? undefined : readSent(sending);
    return {
      ...(sent === undefined ? {} : { sent }),
      received: receiving === undefined ? [] : readReceived(receiving, [...this.#subscriptions.values()]),
      connected: isUp(this.#sending) && isUp(this.#receiving),
    };
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const abort of this.#aborts) abort();
    this.#sending?.close();
    this.#closeReceiving();
  }

  #closeReceiving(): void {
    this.#receiving?.close();
    this.#receiving = undefined;
    for (const arrival of this.#arriving.values()) arrival.wanted = false;
    for (const consumerId of [...this.#subscriptions.keys()]) this.unsubscribe(consumerId);
  }

  #hears(producerId: string): boolean {
    return [...this.#subscriptions.values(), ...this.#arriving.values()].some((each) => each.producerId === producerId);
  }

  async #startFlow(consumerId: string): Promise<void> {
    try {
      await this.#request('resumeConsumer', { consumerId });
    } catch (error) {
      // The server closed it in the meantime and notifies us of that itself.
      if (this.#closed || codeOf(error) === 'CONSUMER_NOT_FOUND') return;
      this.unsubscribe(consumerId);
      throw error;
    }
  }

  async #openSending(): Promise<Transport> {
    const parameters = await this.#request('createTransport', { direction: 'send' });
    const transport = this.#device.createSendTransport(this.#transportOptions(parameters));
    this.#attend(transport);
    transport.on('produce', ({ rtpParameters, appData }, done, fail) => {
      this.#request('produce', {
        transportId: transport.id,
        track: appData.track as TrackName,
        paused: appData.paused === true,
        rtpParameters: rtpParameters as RtpParameters,
      })
        .then(({ producerId }) => done({ id: producerId }))
        .catch(fail);
    });
    return transport;
  }

  #attend(transport: Transport): void {
    transport.on('connect', ({ dtlsParameters }, done, fail) => {
      this.#request('connectTransport', { transportId: transport.id, dtlsParameters })
        .then(() => done())
        .catch(fail);
    });
    const recovery = recoverIce({
      transport,
      restart: () => this.#restartIce(transport),
      onUnreachable: () =>
        this.#options.onError(
          errorOf('CONNECTION_FAILED', {
            message: 'Audio cannot reach the server: a firewall seems to block UDP and TCP to its media port.',
          }),
        ),
    });
    this.#recoveries.set(transport.id, recovery);
    transport.observer.once('close', () => this.#recoveries.delete(transport.id));
  }

  async #restartIce(transport: Transport): Promise<void> {
    try {
      const { iceParameters, iceServers } = await this.#request('restartIce', { transportId: transport.id });
      await transport.updateIceServers({ iceServers: (this.#options.iceServers ?? iceServers) as RTCIceServer[] });
      await transport.restartIce({ iceParameters: iceParameters as TransportOptions['iceParameters'] });
    } catch (error) {
      if (transport.closed) return;
      if (codeOf(error) === 'TRANSPORT_NOT_FOUND') this.#options.onTransportLost({ transportId: transport.id });
      // A lost connection is reported by the channel, which knows the cause.
      else if (codeOf(error) !== 'CONNECTION_LOST') this.#options.onError(asParleyError(error, 'CONNECTION_LOST'));
    }
  }

  /** Settles at once when this link is closed, because its connection may already have been replaced. */
  #request<N extends RequestName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(errorOf('CONNECTION_LOST'));
      if (this.#closed) return abort();
      this.#aborts.add(abort);
      this.#options.channel
        .request(name, request)
        .then(resolve, reject)
        .finally(() => this.#aborts.delete(abort));
    });
  }

  #transportOptions(parameters: TransportParameters): TransportOptions {
    const { transportId, iceParameters, iceCandidates, dtlsParameters, iceServers } = parameters;
    return {
      id: transportId,
      iceParameters: iceParameters as TransportOptions['iceParameters'],
      iceCandidates: iceCandidates as TransportOptions['iceCandidates'],
      dtlsParameters: dtlsParameters as TransportOptions['dtlsParameters'],
      iceServers: (this.#options.iceServers ?? iceServers) as RTCIceServer[],
    };
  }
}

/** Counts of a closed transport are not needed. */
async function statsOf(transport: Transport | undefined): Promise<StatsReport | undefined> {
  if (transport === undefined || transport.closed) return undefined;
  try {
    return await transport.getStats();
  } catch {
    return undefined;
  }
}

function isUp(transport: Transport | undefined): boolean {
  return transport?.connectionState !== 'failed' && transport?.connectionState !== 'disconnected';
}
