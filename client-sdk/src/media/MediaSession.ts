import { Device } from 'mediasoup-client';
import type {
  RtpCapabilities as DeviceCapabilities,
  DeviceOptions,
  Producer,
  Transport,
  TransportOptions,
} from 'mediasoup-client/types';
import {
  type IceServer,
  type Notifications,
  ParleyError,
  type RtpCapabilities,
  type RtpParameters,
  type TrackName,
  type TransportParameters,
} from '../protocol/index.js';
import type { SignalingChannel } from '../signaling/SignalingChannel.js';
import type { Publication } from './Publication.js';

export interface MediaSessionOptions {
  channel: Pick<SignalingChannel, 'request'>;
  routerRtpCapabilities: RtpCapabilities;
  iceServers: IceServer[];
  /** Whether the others' audio is wanted. */
  receive: boolean;
  onTrack: (subscription: { consumerId: string; participantId: string; track: MediaStreamTrack }) => void;
  onTrackEnded: (subscription: { consumerId: string; participantId: string }) => void;
  onError: (error: ParleyError) => void;
  /** For tests: another handler than the browser's. */
  device?: DeviceOptions;
}

interface Subscription {
  participantId: string;
  close(): void;
}

/** One transport each way between this browser and the room's router, for as long as the connection and the router live. */
export class MediaSession {
  readonly #options: MediaSessionOptions;
  readonly #device: Device;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Closed by the server before the browser had them. */
  readonly #closedEarly = new Set<string>();
  #sending: Transport | undefined;
  #receiving: Transport | undefined;
  #closed = false;

  private constructor(options: MediaSessionOptions, device: Device) {
    this.#options = options;
    this.#device = device;
  }

  /** @throws ParleyError, as a rejection: `BROWSER_UNSUPPORTED`, or what the server answers */
  static async create(options: MediaSessionOptions): Promise<MediaSession> {
    let device: Device;
    try {
      device = new Device(options.device);
      await device.load({ routerRtpCapabilities: options.routerRtpCapabilities as DeviceCapabilities });
    } catch (error) {
      throw new ParleyError('BROWSER_UNSUPPORTED', { cause: error });
    }
    const session = new MediaSession(options, device);
    if (options.receive) await session.#openReceiving();
    return session;
  }

  /** Sends a publication's track. */
  async publish(publication: Publication): Promise<void> {
    this.#sending ??= await this.#openSending();
    const producer: Producer = await this.#sending.produce({
      track: publication.track,
      // The track stays with its owner, and a muted one sends nothing at all.
      stopTracks: false,
      zeroRtpOnPause: true,
      codecOptions: { opusStereo: false, opusDtx: true, opusFec: true, opusNack: true, opusMaxPlaybackRate: 48_000 },
      appData: { track: publication.name, paused: publication.muted },
    });
    if (publication.muted) producer.pause();
    publication.attach(producer);
  }

  async consume(notification: Notifications['consumerCreated']): Promise<void> {
    const { consumerId, producerId, participantId, rtpParameters } = notification;
    const receiving = this.#receiving;
    if (this.#closed || receiving === undefined || this.#closedEarly.delete(consumerId)) return;
    const consumer = await receiving.consume({
      id: consumerId,
      producerId,
      kind: 'audio',
      rtpParameters: rtpParameters as Parameters<Transport['consume']>[0]['rtpParameters'],
    });
    if (this.#closed || this.#closedEarly.delete(consumerId)) {
      consumer.close();
      return;
    }
    this.#subscriptions.set(consumerId, { participantId, close: () => consumer.close() });
    this.#options.onTrack({ consumerId, participantId, track: consumer.track });
    await this.#options.channel.request('resumeConsumer', { consumerId });
  }

  unsubscribe(consumerId: string): void {
    const subscription = this.#subscriptions.get(consumerId);
    if (subscription === undefined) {
      this.#closedEarly.add(consumerId);
      return;
    }
    this.#subscriptions.delete(consumerId);
    subscription.close();
    this.#options.onTrackEnded({ consumerId, participantId: subscription.participantId });
  }

  /** The server gave a transport up. @returns whether it was ours; the caller then builds a new session */
  owns(transportId: string): boolean {
    return this.#sending?.id === transportId || this.#receiving?.id === transportId;
  }

  /** Closes transports and ends subscriptions. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const consumerId of [...this.#subscriptions.keys()]) this.unsubscribe(consumerId);
    this.#sending?.close();
    this.#receiving?.close();
  }

  async #openSending(): Promise<Transport> {
    const parameters = await this.#options.channel.request('createTransport', { direction: 'send' });
    const transport = this.#device.createSendTransport(this.#transportOptions(parameters));
    this.#wire(transport);
    transport.on('produce', ({ rtpParameters, appData }, done, fail) => {
      this.#options.channel
        .request('produce', {
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

  async #openReceiving(): Promise<void> {
    const rtpCapabilities = this.#device.recvRtpCapabilities as RtpCapabilities;
    const parameters = await this.#options.channel.request('createTransport', { direction: 'recv', rtpCapabilities });
    this.#receiving = this.#device.createRecvTransport(this.#transportOptions(parameters));
    this.#wire(this.#receiving);
  }

  #wire(transport: Transport): void {
    transport.on('connect', ({ dtlsParameters }, done, fail) => {
      this.#options.channel
        .request('connectTransport', { transportId: transport.id, dtlsParameters })
        .then(() => done())
        .catch(fail);
    });
    transport.on('connectionstatechange', (state) => {
      if (state === 'failed' && !this.#closed) {
        this.#restartIce(transport).catch((error: unknown) => {
          if (!this.#closed)
            this.#options.onError(
              error instanceof ParleyError ? error : new ParleyError('CONNECTION_LOST', { cause: error }),
            );
        });
      }
    });
  }

  async #restartIce(transport: Transport): Promise<void> {
    const { iceParameters } = await this.#options.channel.request('restartIce', { transportId: transport.id });
    await transport.restartIce({ iceParameters: iceParameters as TransportOptions['iceParameters'] });
  }

  #transportOptions(parameters: TransportParameters): TransportOptions {
    const { transportId, iceParameters, iceCandidates, dtlsParameters } = parameters;
    return {
      id: transportId,
      iceParameters: iceParameters as TransportOptions['iceParameters'],
      iceCandidates: iceCandidates as TransportOptions['iceCandidates'],
      dtlsParameters: dtlsParameters as TransportOptions['dtlsParameters'],
      iceServers: this.#options.iceServers as RTCIceServer[],
    };
  }
}
