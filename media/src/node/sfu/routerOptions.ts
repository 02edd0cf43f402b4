import type { RouterRtpCodecCapability, RtpCapabilities } from 'mediasoup/types';

/** Payload type of Opus on the way to the media worker; any will do, since nothing else flows there. */
export const TAP_PAYLOAD_TYPE = 100;

/** Audio only, in the one codec that every browser sends. `stereo=0`: speech is mono, and so is the recogniser. */
export const ROUTER_CODECS: RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    preferredPayloadType: TAP_PAYLOAD_TYPE,
    parameters: { stereo: 0, 'sprop-stereo': 0, useinbandfec: 1, usedtx: 1 },
  },
];

/** What the media worker "can receive": Opus without RTX, NACK or header extensions, since loopback loses nothing in order. */
export const TAP_RTP_CAPABILITIES: RtpCapabilities = {
  codecs: [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      channels: 2,
      preferredPayloadType: TAP_PAYLOAD_TYPE,
      parameters: {},
      rtcpFeedback: [],
    },
  ],
  headerExtensions: [],
};
