import type { DtlsParameters, IceCandidate, IceParameters, RtpCapabilities, RtpParameters } from 'mediasoup/types';

export type TransportDirection = 'send' | 'recv';

export interface SfuTransportParameters {
  transportId: string;
  iceParameters: IceParameters;
  iceCandidates: IceCandidate[];
  dtlsParameters: DtlsParameters;
}

export interface SfuConsumer {
  consumerId: string;
  producerId: string;
  rtpParameters: RtpParameters;
  producerPaused: boolean;
}

export type SfuRoomEvent =
  | { type: 'transportClosed'; ownerId: string; transportId: string; reason: 'iceFailed' | 'dtlsFailed' }
  /** It receives more than any microphone sends. Repeated every few seconds while that goes on. */
  | { type: 'transportFlooded'; ownerId: string }
  | { type: 'consumerClosed'; ownerId: string; consumerId: string }
  /** The worker died; nothing in here lives any more. */
  | { type: 'routerLost' };

/**
 * The SFU's side of one room: everybody's transports, producers and consumers by id. Owners are peers, as opaque ids; what may belong to
 * whom is checked here, so that nobody can touch another's transport by guessing its id. State and what needs no answer can be had
 * without waiting, from a router on another machine, too: as it said last, and as messages to it.
 */
export interface SfuRoom {
  readonly rtpCapabilities: RtpCapabilities;
  readonly counts: { transports: number; producers: number; consumers: number };
  transportsOf(ownerId: string): { transportId: string; direction: TransportDirection }[];
  producersOf(ownerId: string): string[];
  createTransport(options: { ownerId: string; direction: TransportDirection }): Promise<SfuTransportParameters>;
  /** @throws SfuError `TRANSPORT_NOT_FOUND`, `INVALID_STATE` when it is connected already */
  connectTransport(options: { ownerId: string; transportId: string; dtlsParameters: DtlsParameters }): Promise<void>;
  /** @throws SfuError `TRANSPORT_NOT_FOUND` */
  restartIce(options: { ownerId: string; transportId: string }): Promise<IceParameters>;
  /** @throws SfuError `TRANSPORT_NOT_FOUND` also for a receiving transport, `INVALID_RTP_PARAMETERS` */
  produce(options: {
    ownerId: string;
    transportId: string;
    rtpParameters: RtpParameters;
    paused: boolean;
  }): Promise<{ producerId: string }>;
  /** @throws SfuError `PRODUCER_NOT_FOUND` */
  setProducerPaused(options: { ownerId: string; producerId: string; paused: boolean }): Promise<void>;
  /** @throws SfuError `PRODUCER_NOT_FOUND` */
  closeProducer(options: { ownerId: string; producerId: string }): void;
  /** A paused consumer of a producer on the owner's receiving transport; `undefined` where the browser cannot receive it. */
  consume(options: {
    ownerId: string;
    producerId: string;
    rtpCapabilities: RtpCapabilities;
  }): Promise<SfuConsumer | undefined>;
  /** @throws SfuError `CONSUMER_NOT_FOUND` */
  resumeConsumer(options: { ownerId: string; consumerId: string }): Promise<void>;
  /** Closes everything that a peer owns, or what goes in one direction. */
  closeOwner(ownerId: string, only?: TransportDirection): void;
  close(): void;
}
