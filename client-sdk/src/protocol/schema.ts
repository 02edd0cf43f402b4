/** Validation of all input from clients: one zod schema per request, and one for the handshake. Unknown keys are refused. */
import { z } from 'zod';
import { honestName } from './displayNames.js';
import { LIMITS, ROOM_NAME_PATTERN } from './limits.js';
import type { DtlsParameters, RtpCapabilities, RtpParameters } from './media.js';
import type { Handshake, RequestName, RequestOf } from './messages.js';
import type { SpeechOverrides, SpeechSettingsPatch } from './settings.js';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const uint32 = z.int().min(0).max(0xffff_ffff);
const token = (max: number) => z.string().min(1).max(max);

const codecParameters = z
  .record(token(64), z.union([z.string().max(256), z.number(), z.null()]))
  .refine((value) => Object.keys(value).length <= 32, 'at most 32 codec parameters');
const rtcpFeedback = z.array(z.strictObject({ type: token(32), parameter: z.string().max(32).optional() })).max(16);
const payloadType = z.int().min(0).max(127);
const kind = z.enum(['audio', 'video']);
const mimeType = z.string().regex(/^(audio|video)\/[A-Za-z0-9.+-]{1,32}$/i);

export const rtpCapabilitiesSchema: z.ZodType<RtpCapabilities> = z.strictObject({
  codecs: z
    .array(
      z.strictObject({
        kind,
        mimeType,
        preferredPayloadType: payloadType.optional(),
        clockRate: z.int().min(1).max(192_000),
        channels: z.int().min(1).max(8).optional(),
        parameters: codecParameters.optional(),
        rtcpFeedback: rtcpFeedback.optional(),
      }),
    )
    .max(64)
    .optional(),
  headerExtensions: z
    .array(
      z.strictObject({
        kind,
        uri: token(256),
        preferredId: z.int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(64)
    .optional(),
});

export const rtpParametersSchema: z.ZodType<RtpParameters> = z.strictObject({
  mid: z.string().max(16).optional(),
  msid: z.string().max(256).optional(),
  codecs: z
    .array(
      z.strictObject({
        mimeType,
        payloadType,
        clockRate: z.int().min(1).max(192_000),
        channels: z.int().min(1).max(8).optional(),
        parameters: codecParameters.optional(),
        rtcpFeedback: rtcpFeedback.optional(),
      }),
    )
    .min(1)
    .max(8),
  headerExtensions: z
    .array(
      z.strictObject({
        uri: token(256),
        id: z.int().min(1).max(255),
        encrypt: z.boolean().optional(),
        parameters: codecParameters.optional(),
      }),
    )
    .max(32)
    .optional(),
  encodings: z
    .array(
      z.strictObject({
        ssrc: uint32.optional(),
        rid: z.string().max(16).optional(),
        codecPayloadType: payloadType.optional(),
        rtx: z.strictObject({ ssrc: uint32 }).optional(),
        dtx: z.boolean().optional(),
        maxBitrate: uint32.optional(),
      }),
    )
    .min(1)
    .max(1)
    .optional(),
  rtcp: z.strictObject({ cname: z.string().max(256).optional(), reducedSize: z.boolean().optional() }).optional(),
});

export const dtlsParametersSchema: z.ZodType<DtlsParameters> = z.strictObject({
  role: z.enum(['auto', 'client', 'server']).optional(),
  // An empty list has ended a media worker before.
  fingerprints: z
    .array(
      z.strictObject({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z.string().regex(/^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$/i),
      }),
    )
    .min(1)
    .max(8),
});

export const roomNameSchema = z.string().max(LIMITS.roomNameLength).regex(ROOM_NAME_PATTERN);

export { honestName, looksOf } from './displayNames.js';

/**
 * Trimmed and in NFC. Control, format and bidirectional override characters are refused, and so are invisible names. Joiners are allowed where
 * a script or an emoji needs them.
 */
export const displayNameSchema = z
  .string()
  .max(LIMITS.displayNameLength * 4)
  .transform((name) => name.normalize('NFC').trim())
  .pipe(
    z
      .string()
      .min(1)
      .max(LIMITS.displayNameLength)
      .refine((name) => honestName(name) === name, 'has characters that cannot be seen, or nothing that can'),
  );

export const handshakeSchema: z.ZodType<Handshake> = z.strictObject({
  protocolVersion: z.int(),
  credentials: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('guest'),
      subject: z
        .string()
        .min(LIMITS.subjectLength.min)
        .max(LIMITS.subjectLength.max)
        .regex(/^[A-Za-z0-9_-]+$/),
      displayName: displayNameSchema,
      joinSecret: token(LIMITS.joinSecretLength).optional(),
    }),
    z.strictObject({ kind: z.literal('token'), token: token(LIMITS.tokenLength) }),
  ]),
});

const nothing = z.strictObject({}) as unknown as z.ZodType<Record<string, never>>;

const settingValue = z.union([z.string().max(2_000), z.number(), z.boolean(), z.array(z.string().max(256)).max(500)]);

/** Checks only type and size. The server's own schema decides which values a setting may have. */
const settingsOf = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]{0,63}$/), value)
    .refine(
      (settings) => Object.keys(settings).length <= LIMITS.settingsPerChange,
      `at most ${LIMITS.settingsPerChange} settings`,
    );

export const speechOverridesWireSchema = settingsOf(settingValue) as unknown as z.ZodType<SpeechOverrides>;
export const speechSettingsPatchWireSchema = settingsOf(
  settingValue.nullable(),
) as unknown as z.ZodType<SpeechSettingsPatch>;

export const requestSchemas: { [N in RequestName]: z.ZodType<RequestOf<N>> } = {
  join: z.strictObject({
    room: roomNameSchema,
    settings: speechOverridesWireSchema.optional(),
    moderatorKey: token(LIMITS.roomKeyLength).optional(),
    roomSecret: token(LIMITS.roomKeyLength).optional(),
    offTheRecord: z.literal(true).optional(),
    consentVersion: token(LIMITS.consentVersionLength).optional(),
  }),
  leave: nothing,
  refreshToken: z.strictObject({ token: token(LIMITS.tokenLength) }),
  createTransport: z.discriminatedUnion('direction', [
    z.strictObject({ direction: z.literal('send'), rtpCapabilities: z.undefined().optional() }),
    z.strictObject({ direction: z.literal('recv'), rtpCapabilities: rtpCapabilitiesSchema }),
  ]),
  connectTransport: z.strictObject({ transportId: id, dtlsParameters: dtlsParametersSchema }),
  restartIce: z.strictObject({ transportId: id }),
  produce: z.strictObject({
    transportId: id,
    track: z.literal('microphone'),
    rtpParameters: rtpParametersSchema,
    paused: z.boolean(),
  }),
  pauseProducer: z.strictObject({ producerId: id }),
  resumeProducer: z.strictObject({ producerId: id }),
  closeProducer: z.strictObject({ producerId: id }),
  resumeConsumer: z.strictObject({ consumerId: id }),
  resumeTranscript: z.strictObject({ afterSeq: z.int().min(0).max(Number.MAX_SAFE_INTEGER) }),
  getSettings: nothing,
  updateSettings: z.strictObject({
    scope: z.enum(['participant', 'room']),
    settings: speechSettingsPatchWireSchema,
    mode: token(64).optional(),
  }),
  getLedger: nothing,
  muteParticipant: z.strictObject({ participantId: id }),
  removeParticipant: z.strictObject({ participantId: id }),
  setRoomLocked: z.strictObject({ locked: z.boolean() }),
  endMeeting: nothing,
  subscribeDiagnostics: z.strictObject({ on: z.boolean() }),
  liftMute: z.strictObject({ participantId: id }),
  askToSpeak: z.strictObject({ on: z.boolean() }),
  requestAdmission: z.strictObject({ room: roomNameSchema, roomSecret: token(LIMITS.roomKeyLength).optional() }),
  admitParticipant: z.strictObject({ participantId: id }),
  refuseParticipant: z.strictObject({ participantId: id }),
  setWaitingRoom: z.strictObject({ on: z.boolean() }),
  renewRoomSecret: nothing,
  deleteTranscript: nothing,
  setOffTheRecord: z.strictObject({ on: z.boolean() }),
  setRoomOffTheRecord: z.strictObject({ on: z.boolean() }),
  giveConsent: z.strictObject({ version: token(LIMITS.consentVersionLength) }),
  withdrawConsent: nothing,
  requireConsent: nothing,
};
