import { FakeMediaStreamTrack } from 'fake-mediastreamtrack';
import {
  generateConsumerRemoteParameters,
  generateLocalDtlsParameters,
  generateNativeRtpCapabilities,
  generateProducerRemoteParameters,
  generateRouterRtpCapabilities,
  generateTransportRemoteParameters,
} from 'mediasoup-client/fakeParameters';
import { FakeHandler } from 'mediasoup-client/handlers/FakeHandler';
import type { ConnectionState, DeviceOptions } from 'mediasoup-client/types';
import type { Notifications, RtpCapabilities, TransportParameters } from '../src/protocol/index.js';

export const ROUTER_RTP_CAPABILITIES = generateRouterRtpCapabilities() as RtpCapabilities;

export function microphone(): MediaStreamTrack {
  return new FakeMediaStreamTrack({ kind: 'audio' }) as unknown as MediaStreamTrack;
}

/** WebRTC without a network: everything in the library is real except the browser's peer connection. */
export function fakeDevice(): {
  device: DeviceOptions;
  handlers: FakeHandler[];
  sent: unknown[];
  /** The browser's statistics by direction of the transport, set by the test. */
  stats: { send: Record<string, unknown>[]; recv: Record<string, unknown>[] };
} {
  const factory = FakeHandler.createFactory({
    generateNativeRtpCapabilities,
    generateLocalDtlsParameters,
  } as Parameters<typeof FakeHandler.createFactory>[0]);
  const handlers: FakeHandler[] = [];
  const sent: unknown[] = [];
  const stats: ReturnType<typeof fakeDevice>['stats'] = { send: [], recv: [] };
  return {
    handlers,
    sent,
    stats,
    device: {
      handlerFactory: {
        ...factory,
        factory: (options) => {
          const handler = factory.factory(options) as FakeHandler;
          handlers.push(handler);
          handler.getTransportStats = async () =>
            new Map(stats[options.direction].map((each, index) => [String(index), { id: String(index), ...each }]));
          const send = handler.send.bind(handler);
          handler.send = (options) => {
            sent.push(options);
            return send(options);
          };
          return handler;
        },
      },
    },
  };
}

export function setConnectionState(handler: FakeHandler | undefined, state: ConnectionState): void {
  handler?.setConnectionState(state);
}

let transports = 0;
export function transportParameters(): TransportParameters {
  transports += 1;
  const { iceParameters, iceCandidates, dtlsParameters } = generateTransportRemoteParameters();
  return {
    transportId: `transport-${transports}`,
    iceParameters,
    iceCandidates,
    dtlsParameters,
    iceServers: [],
  } as TransportParameters;
}

export function producerId(): string {
  return generateProducerRemoteParameters().id;
}

export function announcement(
  overrides: Partial<Notifications['consumerCreated']> = {},
): Notifications['consumerCreated'] {
  const { id, producerId, rtpParameters } = generateConsumerRemoteParameters({ codecMimeType: 'audio/opus' });
  return {
    consumerId: id ?? '',
    producerId: producerId ?? '',
    participantId: 'ben',
    track: 'microphone',
    rtpParameters: rtpParameters as Notifications['consumerCreated']['rtpParameters'],
    producerPaused: false,
    ...overrides,
  };
}
