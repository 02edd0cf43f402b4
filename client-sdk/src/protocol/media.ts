/**
 * The parts of mediasoup's parameters that are sent over the wire. They are copied here so that the contract depends on no library. Shapes
 * as in mediasoup 3's ORTC dictionaries.
 */

export interface RtcpFeedback {
  type: string;
  parameter?: string | undefined;
}

export type CodecParameters = Record<string, string | number | null | undefined>;

export interface RtpCodecCapability {
  kind: 'audio' | 'video';
  mimeType: string;
  preferredPayloadType?: number | undefined;
  clockRate: number;
  channels?: number | undefined;
  parameters?: CodecParameters | undefined;
  rtcpFeedback?: RtcpFeedback[] | undefined;
}

export interface RtpHeaderExtension {
  kind: 'audio' | 'video';
  uri: string;
  preferredId: number;
  preferredEncrypt?: boolean | undefined;
  direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | undefined;
}

export interface RtpCapabilities {
  codecs?: RtpCodecCapability[] | undefined;
  headerExtensions?: RtpHeaderExtension[] | undefined;
}

export interface RtpCodecParameters {
  mimeType: string;
  payloadType: number;
  clockRate: number;
  channels?: number | undefined;
  parameters?: CodecParameters | undefined;
  rtcpFeedback?: RtcpFeedback[] | undefined;
}

export interface RtpEncodingParameters {
  ssrc?: number | undefined;
  rid?: string | undefined;
  codecPayloadType?: number | undefined;
  rtx?: { ssrc: number } | undefined;
  dtx?: boolean | undefined;
  maxBitrate?: number | undefined;
}

export interface RtpHeaderExtensionParameters {
  uri: string;
  id: number;
  encrypt?: boolean | undefined;
  parameters?: CodecParameters | undefined;
}

export interface RtpParameters {
  mid?: string | undefined;
  codecs: RtpCodecParameters[];
  headerExtensions?: RtpHeaderExtensionParameters[] | undefined;
  encodings?: RtpEncodingParameters[] | undefined;
  rtcp?: { cname?: string | undefined; reducedSize?: boolean | undefined } | undefined;
  msid?: string | undefined;
}

export type DtlsRole = 'auto' | 'client' | 'server';

export interface DtlsFingerprint {
  algorithm: 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512';
  value: string;
}

export interface DtlsParameters {
  role?: DtlsRole | undefined;
  fingerprints: DtlsFingerprint[];
}

export interface IceParameters {
  usernameFragment: string;
  password: string;
  iceLite?: boolean | undefined;
}

export interface IceCandidate {
  foundation: string;
  priority: number;
  ip: string;
  address: string;
  protocol: 'udp' | 'tcp';
  port: number;
  type: 'host' | 'srflx' | 'prflx' | 'relay';
  tcpType?: 'active' | 'passive' | 'so' | undefined;
}

/** One entry of `RTCConfiguration.iceServers`. */
export interface IceServer {
  urls: string | string[];
  username?: string | undefined;
  credential?: string | undefined;
}

export interface TransportParameters {
  transportId: string;
  iceParameters: IceParameters;
  iceCandidates: IceCandidate[];
  dtlsParameters: DtlsParameters;
  /** Relays, with credentials that hold for a while from now. */
  iceServers: IceServer[];
}
