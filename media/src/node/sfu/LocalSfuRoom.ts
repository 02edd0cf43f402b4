import type {
  Consumer,
  DtlsParameters,
  IceParameters,
  MediaKind,
  PlainTransport,
  Producer,
  Router,
  RtpCapabilities,
  RtpParameters,
  WebRtcServer,
  WebRtcTransport,
  WebRtcTransportStat,
} from 'mediasoup/types';
import type { TimeSource } from '../../process/TimeSource.js';
import { SfuError } from './errors.js';
import type { MediasoupWorkerPool } from './MediasoupWorkerPool.js';
import { TAP_RTP_CAPABILITIES } from './routerOptions.js';
import type { SfuConsumer, SfuRoom, SfuRoomEvent, SfuTransportParameters, TransportDirection } from './SfuRoom.js';
import { type Received, TransportWatch } from './TransportWatch.js';

/** How the RTP of one producer arrives at the tap. */
export interface TappedProducer {
  consumerId: string;
  ssrc: number;
  payloadType: number;
}

/** The owner of a producer is sent other producers than before: all that they are sent now. */
export interface SentChange {
  producerId: string;
  sentProducerIds: string[];
}

/** A room's one way from the SFU to a media worker on the same machine. */
export interface SfuTap {
  /**
   * Opens it.
   * @param options.onSent called for each producer of an owner, while this tap is open
   * @returns the port on loopback that the RTP will come from
   */
  openTap(options: { port: number; onSent?: (change: SentChange) => void }): Promise<{ port: number }>;
  /** What the owner of a producer is sent: the producers of all their consumers that are not paused. */
  sentBesides(producerId: string): string[];
  /** A paused consumer of a producer on the tap; call `resumeTap` once the media worker knows its SSRC. */
  tapProducer(producerId: string): Promise<TappedProducer>;
  resumeTap(consumerId: string): Promise<void>;
  /** Resolves when nothing more of it is sent; until then the tap carries what came before. */
  pauseTap(consumerId: string): Promise<void>;
  /** Ends what `tapProducer` began. */
  untap(consumerId: string): void;
  /** Closes the tap and its consumers, so that another one can be opened. */
  closeTap(): void;
}

interface OwnedTransport {
  ownerId: string;
  direction: TransportDirection;
  transport: WebRtcTransport;
}

interface OwnedProducer {
  ownerId: string;
  transportId: string;
  producer: Producer;
}

interface OwnedConsumer {
  ownerId: string;
  consumer: Consumer;
}

/** ICE consent: how long a transport may be without connectivity before it is given up. */
const DISCONNECTED_TIMEOUT_MS = 30_000;

/** A router on one of this machine's workers, and one tap that sends plain RTP to the media worker. */
export class LocalSfuRoom implements SfuRoom, SfuTap {
  readonly #router: Router;
  readonly #webRtcServer: WebRtcServer;
  readonly #onEvent: (event: SfuRoomEvent) => void;
  readonly #transports = new Map<string, OwnedTransport>();
  readonly #producers = new Map<string, OwnedProducer>();
  readonly #consumers = new Map<string, OwnedConsumer>();
  readonly #watch: TransportWatch;
  #tap: PlainTransport | undefined;
  #onSent: ((change: SentChange) => void) | undefined;
  #closed = false;

  private constructor(parts: {
    router: Router;
    webRtcServer: WebRtcServer;
    onEvent: (event: SfuRoomEvent) => void;
    time?: TimeSource | undefined;
  }) {
    const { router, webRtcServer, onEvent, time } = parts;
    this.#router = router;
    this.#webRtcServer = webRtcServer;
    this.#onEvent = onEvent;
    this.#watch = new TransportWatch({
      time,
      onFlood: (transportId) => {
        const ownerId = this.#transports.get(transportId)?.ownerId;
        if (ownerId !== undefined) onEvent({ type: 'transportFlooded', ownerId });
      },
    });
    router.once('workerclose', () => {
      this.#watch.close();
      if (!this.#closed) {
        this.#closed = true;
        onEvent({ type: 'routerLost' });
      }
    });
  }

  /** @throws SfuError `WORKER_UNAVAILABLE` */
  static async create(options: {
    workers: MediasoupWorkerPool;
    onEvent: (event: SfuRoomEvent) => void;
    time?: TimeSource;
  }): Promise<LocalSfuRoom> {
    const { workers, ...others } = options;
    return new LocalSfuRoom({ ...(await workers.createRouter()), ...others });
  }

  get rtpCapabilities(): RtpCapabilities {
    return this.#router.rtpCapabilities;
  }

  get counts(): { transports: number; producers: number; consumers: number } {
    return { transports: this.#transports.size, producers: this.#producers.size, consumers: this.#consumers.size };
  }

  transportsOf(ownerId: string): { transportId: string; direction: TransportDirection }[] {
    return [...this.#transports.values()]
      .filter((owned) => owned.ownerId === ownerId)
      .map(({ transport, direction }) => ({ transportId: transport.id, direction }));
  }

  producersOf(ownerId: string): string[] {
    return [...this.#producers].filter(([, owned]) => owned.ownerId === ownerId).map(([id]) => id);
  }

  async createTransport(options: { ownerId: string; direction: TransportDirection }): Promise<SfuTransportParameters> {
    const { ownerId, direction } = options;
    const transport = await this.#run(() =>
      this.#router.createWebRtcTransport({
        webRtcServer: this.#webRtcServer,
        enableUdp: true,
        enableTcp: true,
        preferUdp: true,
        initialAvailableOutgoingBitrate: 200_000,
        iceConsentTimeout: DISCONNECTED_TIMEOUT_MS / 1_000,
      }),
    );
    if (this.#closed) {
      transport.close();
      throw new SfuError('INVALID_STATE', 'The room is closed.');
    }
    this.#transports.set(transport.id, { ownerId, direction, transport });
    this.#watch.add({ id: transport.id, received: () => this.#receivedBy(transport) });
    transport.observer.once('close', () => {
      this.#watch.delete(transport.id);
      this.#transports.delete(transport.id);
    });
    const fail = (reason: 'iceFailed' | 'dtlsFailed') => {
      if (!transport.closed) {
        transport.close();
        this.#onEvent({ type: 'transportClosed', ownerId, transportId: transport.id, reason });
      }
    };
    transport.on('dtlsstatechange', (state) => {
      if (state === 'failed') fail('dtlsFailed');
    });
    transport.on('icestatechange', (state) => {
      if (state === 'disconnected') fail('iceFailed');
    });
    return {
      transportId: transport.id,
      iceParameters: transport.iceParameters,
      iceCandidates: transport.iceCandidates,
      dtlsParameters: transport.dtlsParameters,
    };
  }

  async connectTransport(options: {
    ownerId: string;
    transportId: string;
    dtlsParameters: DtlsParameters;
  }): Promise<void> {
    const { transport } = this.#transportOf(options);
    await this.#run(() => transport.connect({ dtlsParameters: options.dtlsParameters }));
  }

  async restartIce(options: { ownerId: string; transportId: string }): Promise<IceParameters> {
    const { transport } = this.#transportOf(options);
    return this.#run(() => transport.restartIce());
  }

  async produce(options: {
    ownerId: string;
    transportId: string;
    rtpParameters: RtpParameters;
    paused: boolean;
  }): Promise<{ producerId: string }> {
    const { transport, direction } = this.#transportOf(options);
    if (direction !== 'send') {
      throw new SfuError('TRANSPORT_NOT_FOUND', 'This transport receives; producing needs one that sends.');
    }
    let producer: Producer;
    try {
      producer = await transport.produce({
        kind: 'audio' satisfies MediaKind,
        rtpParameters: options.rtpParameters,
        paused: options.paused,
      });
    } catch (error) {
      throw new SfuError('INVALID_RTP_PARAMETERS', `The media parameters were refused: ${text(error)}`, {
        cause: error,
      });
    }
    // Closed while it was asked: mediasoup then makes a producer that nothing ever closes.
    if (transport.closed) {
      producer.close();
      throw new SfuError('TRANSPORT_NOT_FOUND', 'The transport was closed meanwhile.');
    }
    this.#producers.set(producer.id, { ownerId: options.ownerId, transportId: transport.id, producer });
    producer.observer.once('close', () => this.#producers.delete(producer.id));
    return { producerId: producer.id };
  }

  async setProducerPaused(options: { ownerId: string; producerId: string; paused: boolean }): Promise<void> {
    const producer = this.#producerOf(options);
    await this.#run(() => (options.paused ? producer.pause() : producer.resume()));
  }

  closeProducer(options: { ownerId: string; producerId: string }): void {
    this.#producerOf(options).close();
  }

  async consume(options: {
    ownerId: string;
    producerId: string;
    rtpCapabilities: RtpCapabilities;
  }): Promise<SfuConsumer | undefined> {
    const { ownerId, producerId, rtpCapabilities } = options;
    const receiving = [...this.#transports.values()].find(
      (owned) => owned.ownerId === ownerId && owned.direction === 'recv',
    );
    if (receiving === undefined) {
      throw new SfuError('TRANSPORT_NOT_FOUND', 'There is no receiving transport yet.');
    }
    if (!this.#producers.has(producerId) || !this.#router.canConsume({ producerId, rtpCapabilities })) {
      return undefined;
    }
    const consumer = await this.#run(() =>
      receiving.transport.consume({ producerId, rtpCapabilities, paused: true, enableRtx: false }),
    );
    if (receiving.transport.closed) {
      consumer.close();
      throw new SfuError('TRANSPORT_NOT_FOUND', 'The transport was closed meanwhile.');
    }
    this.#consumers.set(consumer.id, { ownerId, consumer });
    consumer.observer.once('close', () => {
      this.#consumers.delete(consumer.id);
      this.#tellSent(ownerId);
    });
    consumer.once('producerclose', () => this.#onEvent({ type: 'consumerClosed', ownerId, consumerId: consumer.id }));
    return {
      consumerId: consumer.id,
      producerId,
      rtpParameters: consumer.rtpParameters,
      producerPaused: consumer.producerPaused,
    };
  }

  async resumeConsumer(options: { ownerId: string; consumerId: string }): Promise<void> {
    const owned = this.#consumers.get(options.consumerId);
    if (owned === undefined || owned.ownerId !== options.ownerId) {
      throw new SfuError('CONSUMER_NOT_FOUND', 'There is no such consumer.');
    }
    await this.#run(() => owned.consumer.resume());
    this.#tellSent(owned.ownerId);
  }

  closeOwner(ownerId: string, only?: TransportDirection): void {
    for (const owned of [...this.#transports.values()]) {
      if (owned.ownerId === ownerId && (only === undefined || owned.direction === only)) owned.transport.close();
    }
  }

  async openTap(options: { port: number; onSent?: (change: SentChange) => void }): Promise<{ port: number }> {
    const tap = await this.#run(() =>
      this.#router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
        rtcpMux: true,
        comedia: false,
      }),
    );
    try {
      await this.#run(() => tap.connect({ ip: '127.0.0.1', port: options.port }));
    } catch (error) {
      tap.close();
      throw error;
    }
    this.#tap?.close();
    this.#tap = tap;
    this.#onSent = options.onSent;
    return { port: tap.tuple.localPort };
  }

  async tapProducer(producerId: string): Promise<TappedProducer> {
    const tap = this.#tap;
    if (tap === undefined) {
      throw new SfuError('INVALID_STATE', 'The tap is not open.');
    }
    const consumer = await this.#run(() =>
      tap.consume({ producerId, rtpCapabilities: TAP_RTP_CAPABILITIES, paused: true, enableRtx: false }),
    );
    if (tap.closed) {
      consumer.close();
      throw new SfuError('INVALID_STATE', 'The tap was closed meanwhile.');
    }
    this.#consumers.set(consumer.id, { ownerId: 'tap', consumer });
    consumer.observer.once('close', () => this.#consumers.delete(consumer.id));
    const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc;
    const payloadType = consumer.rtpParameters.codecs[0]?.payloadType;
    if (ssrc === undefined || payloadType === undefined) {
      consumer.close();
      throw new SfuError('INVALID_STATE', 'The consumer of the tap has no SSRC.');
    }
    return { consumerId: consumer.id, ssrc, payloadType };
  }

  async resumeTap(consumerId: string): Promise<void> {
    await this.resumeConsumer({ ownerId: 'tap', consumerId });
  }

  async pauseTap(consumerId: string): Promise<void> {
    const owned = this.#consumers.get(consumerId);
    if (owned?.ownerId === 'tap') await this.#run(() => owned.consumer.pause());
  }

  untap(consumerId: string): void {
    const owned = this.#consumers.get(consumerId);
    if (owned?.ownerId === 'tap') owned.consumer.close();
  }

  closeTap(): void {
    this.#tap?.close();
    this.#tap = undefined;
    this.#onSent = undefined;
  }

  sentBesides(producerId: string): string[] {
    const ownerId = this.#producers.get(producerId)?.ownerId;
    return ownerId === undefined ? [] : this.#sentTo(ownerId);
  }

  close(): void {
    this.#watch.close();
    if (!this.#closed) {
      this.#closed = true;
      this.#router.close();
    }
  }

  #sentTo(ownerId: string): string[] {
    return [...this.#consumers.values()]
      .filter(({ ownerId: each, consumer }) => each === ownerId && !consumer.paused)
      .map(({ consumer }) => consumer.producerId);
  }

  #tellSent(ownerId: string): void {
    if (this.#onSent === undefined) return;
    const producerIds = this.producersOf(ownerId);
    if (producerIds.length === 0) return;
    const sentProducerIds = this.#sentTo(ownerId);
    for (const producerId of producerIds) this.#onSent({ producerId, sentProducerIds });
  }

  /** @throws if the transport was closed */
  async #receivedBy(transport: WebRtcTransport): Promise<Received> {
    const producers = [...this.#producers.values()].filter(({ transportId }) => transportId === transport.id);
    const [stats, ...counts] = await Promise.all([
      transport.getStats(),
      ...producers.map(({ producer }) => packetsOf(producer)),
    ]);
    const sum = (bytesOf: (stat: WebRtcTransportStat) => number) => stats.reduce((all, stat) => all + bytesOf(stat), 0);
    return {
      bytes: sum(({ bytesReceived }) => bytesReceived),
      otherBytes: sum((stat) => stat.bytesReceived - stat.rtpBytesReceived - stat.rtxBytesReceived),
      packets: new Map(producers.map(({ producer }, index) => [producer.id, counts[index] ?? 0])),
    };
  }

  #transportOf(options: { ownerId: string; transportId: string }): OwnedTransport {
    const owned = this.#transports.get(options.transportId);
    if (owned === undefined || owned.ownerId !== options.ownerId) {
      throw new SfuError('TRANSPORT_NOT_FOUND', 'There is no such transport.');
    }
    return owned;
  }

  #producerOf(options: { ownerId: string; producerId: string }): Producer {
    const owned = this.#producers.get(options.producerId);
    if (owned === undefined || owned.ownerId !== options.ownerId) {
      throw new SfuError('PRODUCER_NOT_FOUND', 'There is no such producer.');
    }
    return owned.producer;
  }

  async #run<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw new SfuError('INVALID_STATE', text(error), { cause: error });
    }
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** All that arrived for a producer, forwarded or not; 0 if it was closed meanwhile. */
async function packetsOf(producer: Producer): Promise<number> {
  try {
    const streams = await producer.getStats();
    return streams.reduce((sum, { packetCount, packetsDiscarded }) => sum + packetCount + packetsDiscarded, 0);
  } catch {
    return 0;
  }
}
