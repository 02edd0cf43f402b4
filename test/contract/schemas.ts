/**
 * What a server may say, as strictly as the protocol's types say it: every answer and every notification. Real clients ignore keys
 * that they do not know; these schemas refuse them, so that nothing goes over the wire that `docs/protocol.md` does not tell.
 */
import {
  type CommittedSegment,
  type ConsentWording,
  ERROR_REGISTRY,
  type ErrorCode,
  GRANTS,
  LATECOMERS_READ,
  LIMITS,
  type NotificationName,
  type Notifications,
  type Participant,
  type RequestName,
  type ResponseOf,
  type Segment,
  type TrackActivity,
  type TranscriptionStatus,
  type WaitingParticipant,
  type WireError,
} from '@parley/client-sdk/protocol';
import { z } from 'zod';

const id = z.string().min(1).max(256);
const nonNegative = z.number().min(0);
const share = z.number().min(0).max(1);
const nothing = z.strictObject({}) as unknown as z.ZodType<Record<string, never>>;
const track = z.literal('microphone');
const seq = z.int().min(1);

const errorCodes = Object.keys(ERROR_REGISTRY) as [ErrorCode, ...ErrorCode[]];

export const wireErrorSchema: z.ZodType<WireError> = z.strictObject({
  code: z.enum(errorCodes),
  message: z.string().min(1),
  retryable: z.boolean(),
  retryAfterMs: nonNegative.exactOptional(),
  details: z
    .strictObject({
      settings: z.array(z.strictObject({ setting: z.string(), problem: z.string() })).exactOptional(),
    })
    .exactOptional(),
});

/** socket.io's `connect_error` carries it in `data`. */
export const connectErrorSchema = z.strictObject({ code: z.enum(errorCodes), error: wireErrorSchema });

const speakerState = z.enum(['inactive', 'listening', 'wakeword', 'speaking', 'transcribing']);

const nameSource = z.enum(['guest', 'signedIn', 'vouched']);

const participantSchema: z.ZodType<Participant> = z.strictObject({
  participantId: id,
  displayName: z.string().min(1),
  nameSource: nameSource.optional(),
  accountName: z.string().min(1).optional(),
  joinedAtMs: nonNegative,
  publishing: z.boolean(),
  muted: z.boolean(),
  speaking: z.boolean(),
  state: speakerState.optional(),
  mutedByModerator: z.literal(true).optional(),
  asksToSpeak: z.literal(true).optional(),
  notTranscribed: z
    .array(z.enum(['offTheRecord', 'roomOffTheRecord', 'noConsent']))
    .min(1)
    .optional(),
});

const consentSchema: z.ZodType<ConsentWording> = z.strictObject({
  version: z.string().min(1),
  text: z.string().min(1).optional(),
});

const waitingSchema: z.ZodType<WaitingParticipant[]> = z
  .array(
    z.strictObject({
      participantId: id,
      displayName: z.string().min(1),
      waitingSinceMs: nonNegative,
      fromAddressOfRemoved: z.literal(true).optional(),
    }),
  )
  .max(LIMITS.waiting);

const segmentParts = {
  id,
  meetingId: id,
  participantId: id,
  displayName: z.string().min(1),
  nameSource: nameSource.exactOptional(),
  track: z.string().min(1),
  startMs: z.number(),
  endMs: z.number(),
  text: z.string(),
  words: z
    .array(z.strictObject({ text: z.string(), startMs: z.number(), endMs: z.number(), probability: share }))
    .exactOptional(),
  language: z.string(),
  languageProbability: share.exactOptional(),
  confidence: share,
  revision: z.int().min(0),
};

const gapReason = z.enum([
  'recognizerFailed',
  'recognizerUnavailable',
  'deadlineExceeded',
  'overloaded',
  'rejected',
  'notStored',
  'mediaWorkerLost',
  'offTheRecord',
  'noConsent',
]);

const interimSchema: z.ZodType<Segment> = z.strictObject({
  ...segmentParts,
  status: z.literal('interim'),
  stableLength: z.int().min(0).exactOptional(),
});

export const committedSchema: z.ZodType<CommittedSegment> = z.discriminatedUnion('status', [
  z.strictObject({
    ...segmentParts,
    status: z.literal('final'),
    alsoHeardFrom: z.strictObject({ participantId: id, displayName: z.string().min(1) }).exactOptional(),
    seq,
    committedCorrections: z.int().min(0).exactOptional(),
  }),
  z.strictObject({ ...segmentParts, status: z.literal('gap'), seq, text: z.literal(''), reason: gapReason }),
]);

const degradationParts = {
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  reason: z.string().min(1),
  interimIntervalFactor: z.number().min(1).nullable(),
};

const transcriptionSchema: z.ZodType<TranscriptionStatus> = z.strictObject({
  state: z.enum(['starting', 'ready', 'unavailable']),
  mode: z.string().min(1),
  model: z.strictObject({
    name: z.string(),
    demo: z.boolean(),
    source: z.enum(['builtIn', 'download', 'packages', 'file', 'address']).optional(),
    languages: z
      .array(z.string().regex(/^[a-z]{2,3}$/))
      .min(1)
      .max(100)
      .optional(),
  }),
  interimModel: z.string().optional(),
  engine: z.strictObject({
    name: z.string(),
    encoder: z.enum(['onnx', 'whispercpp', 'none']).optional(),
    device: z.enum(['cpu', 'cuda', 'none']),
    deviceName: z.string(),
  }),
  reason: z.string().optional(),
  degradation: z.strictObject(degradationParts).optional(),
});

const shedMs = z.partialRecord(z.enum([...gapReason.options, 'asleep']), nonNegative);

const rejectedMs = z.partialRecord(
  z.enum([
    'nearSilent',
    'noWords',
    'noSpeech',
    'noLetters',
    'annotation',
    'lowProbability',
    'repetition',
    'promptEcho',
  ]),
  nonNegative,
);

const ledgerSchema = z.strictObject({
  totalMs: nonNegative,
  mutedMs: nonNegative,
  dtxMs: nonNegative,
  concealedMs: nonNegative,
  nonSpeechMs: nonNegative,
  crosstalkMs: nonNegative,
  pendingMs: nonNegative,
  transcribedMs: nonNegative,
  shedMs,
  rejectedMs: rejectedMs.exactOptional(),
});

const atMs = z.number();
const segmentId = id;
const activity = <Type extends string, Parts extends z.ZodRawShape>(type: Type, parts: Parts) =>
  z.strictObject({ type: z.literal(type), ...parts });

const activitySchema: z.ZodType<TrackActivity> = z.discriminatedUnion('type', [
  activity('listeningStarted', { atMs }),
  activity('listeningStopped', { atMs }),
  activity('utteranceStarted', { segmentId, atMs }),
  activity('utteranceEnded', { segmentId, atMs, cause: z.enum(['silence', 'forced', 'sentence', 'flush']) }),
  activity('transcriptionStarted', { segmentId, atMs }),
  activity('turnDetectionStarted', { segmentId, atMs }),
  activity('turnDetectionStopped', { segmentId, atMs, outcome: z.enum(['resumed', 'ended']) }),
  activity('wakeListeningStarted', { atMs }),
  activity('wakeListeningStopped', { atMs }),
  activity('wakePhraseDetected', { phrase: z.string(), score: share, atMs }),
  activity('wakePhraseTimedOut', { atMs }),
  activity('crosstalkDetected', { segmentId, atMs }),
  activity('languageDetected', { language: z.string(), probability: share, atMs }),
  activity('microphoneChecked', {
    level: z.enum(['good', 'quiet', 'clipping']),
    speechLevelDb: z.number(),
    clippedShare: share,
    atMs,
  }),
  activity('stabilized', {
    segmentId,
    revision: z.int(),
    committedWords: z.int(),
    stableLength: z.int(),
    textLength: z.int(),
    commitLatencyMs: z.number().nullable(),
  }),
  activity('audioRecorded', { segmentId, startMs: z.number(), endMs: z.number(), levelDb: z.number() }),
]);

/** Parameters of media are the library's on both sides; here it only matters that they are there. */
const mediaParameters = z.looseObject({}) as unknown as z.ZodType<never>;
const iceServers = z.array(
  z.strictObject({
    urls: z.union([z.string(), z.array(z.string())]),
    username: z.string().optional(),
    credential: z.string().optional(),
  }),
);

/** Every setting with its value; which values a setting takes, `docs/settings.md` says. */
const speechSettings = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9]*$/),
  z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
) as unknown as z.ZodType<never>;

export const responseSchemas: { [N in RequestName]: z.ZodType<ResponseOf<N>> } = {
  join: z.strictObject({
    room: z.string(),
    meetingId: id,
    meetingStartedAtMs: nonNegative,
    participantId: id,
    participants: z.array(participantSchema).min(1),
    routerRtpCapabilities: mediaParameters,
    iceServers,
    lastSeq: z.int().min(0),
    grants: z.array(z.enum(GRANTS)),
    locked: z.boolean(),
    waitingRoom: z.boolean().optional(),
    latecomersRead: z.enum(LATECOMERS_READ).optional(),
    transcriptFromMs: nonNegative.optional(),
    roomOffTheRecord: z.boolean().optional(),
    consent: consentSchema.optional(),
    waiting: waitingSchema.optional(),
    roomSecret: z.string().min(1).optional(),
    moderatorKey: z.string().min(1).optional(),
    transcription: transcriptionSchema,
    serverId: id,
    features: z.strictObject({ recording: z.boolean() }),
  }),
  leave: nothing,
  refreshToken: z.strictObject({ expiresAtMs: nonNegative }),
  createTransport: z.strictObject({
    transportId: id,
    iceParameters: mediaParameters,
    iceCandidates: z.array(mediaParameters),
    dtlsParameters: mediaParameters,
    iceServers,
  }),
  connectTransport: nothing,
  restartIce: z.strictObject({ iceParameters: mediaParameters, iceServers }),
  produce: z.strictObject({ producerId: id }),
  pauseProducer: nothing,
  resumeProducer: nothing,
  closeProducer: nothing,
  resumeConsumer: nothing,
  resumeTranscript: z.strictObject({
    segments: z.array(committedSchema).max(LIMITS.transcriptPageSize),
    firstSeq: z.int().min(0),
    lastSeq: z.int().min(0),
  }),
  getSettings: z.strictObject({
    mode: z.string(),
    modes: z.array(z.strictObject({ name: z.string(), purpose: z.string() })),
    room: speechSettings,
    roomOverrides: speechSettings,
    participant: speechSettings,
    effective: speechSettings,
    mayChangeRoom: z.boolean(),
    descriptions: z.record(z.string(), z.looseObject({ description: z.string() })) as unknown as z.ZodType<never>,
  }),
  updateSettings: z.strictObject({ mode: z.string(), settings: speechSettings }),
  getLedger: z.strictObject({
    ledgers: z.array(z.strictObject({ participantId: id, track: z.string(), ledger: ledgerSchema })),
  }),
  muteParticipant: nothing,
  removeParticipant: nothing,
  setRoomLocked: nothing,
  endMeeting: nothing,
  subscribeDiagnostics: nothing,
  liftMute: nothing,
  askToSpeak: nothing,
  requestAdmission: nothing,
  admitParticipant: nothing,
  refuseParticipant: nothing,
  setWaitingRoom: nothing,
  renewRoomSecret: z.strictObject({ roomSecret: z.string().min(1) }),
  deleteTranscript: nothing,
  setOffTheRecord: nothing,
  setRoomOffTheRecord: nothing,
  giveConsent: nothing,
  withdrawConsent: nothing,
  requireConsent: nothing,
};

export const notificationSchemas: { [N in NotificationName]: z.ZodType<Notifications[N]> } = {
  participantJoined: z.strictObject({ participant: participantSchema }),
  participantUpdated: z.strictObject({ participant: participantSchema }),
  participantLeft: z.strictObject({
    participantId: id,
    reason: z.enum(['left', 'connectionLost', 'replaced', 'removed', 'meetingEnded']),
  }),
  speechStarted: z.strictObject({ participantId: id, track, atMs }),
  speechEnded: z.strictObject({ participantId: id, track, atMs }),
  consumerCreated: z.strictObject({
    consumerId: id,
    producerId: id,
    participantId: id,
    track,
    rtpParameters: mediaParameters,
    producerPaused: z.boolean(),
  }),
  consumerClosed: z.strictObject({ consumerId: id }),
  transportClosed: z.strictObject({ transportId: id, reason: z.enum(['iceFailed', 'dtlsFailed', 'serverClosed']) }),
  mediaRestarted: z.strictObject({ routerRtpCapabilities: mediaParameters }),
  interimUpdated: z.strictObject({ segment: interimSchema }),
  interimRetracted: z.strictObject({ segmentId }),
  segmentCommitted: z.strictObject({ segment: committedSchema }),
  transcriptionChanged: z.strictObject({ transcription: transcriptionSchema }),
  settingsChanged: z.strictObject({
    scope: z.enum(['participant', 'room']),
    participantId: id.optional(),
    changedBy: id.optional(),
    changed: z.array(z.string()).optional(),
    mode: z.string(),
    settings: speechSettings,
  }),
  trackStateChanged: z.strictObject({ participantId: id, track, state: speakerState }),
  trackActivity: z.strictObject({ participantId: id, track, activity: activitySchema }),
  ledgerUpdated: z.strictObject({ participantId: id, track, ledger: ledgerSchema }),
  transcriptionDegraded: z.strictObject(degradationParts),
  transcriptionRecovered: nothing,
  tokenExpiring: z.strictObject({ expiresAtMs: nonNegative, graceMs: nonNegative }),
  grantsChanged: z.strictObject({ grants: z.array(z.enum(GRANTS)) }),
  mutedByModerator: z.strictObject({ producerIds: z.array(id) }),
  participantMuted: z.strictObject({ participantId: id, producerIds: z.array(id), reason: z.enum(['flooding']) }),
  roomLockChanged: z.strictObject({ locked: z.boolean() }),
  dismissed: z.strictObject({ error: wireErrorSchema }),
  muteLifted: nothing,
  admitted: z.strictObject({ room: z.string() }),
  waitingChanged: z.strictObject({ waiting: waitingSchema }),
  waitingRoomChanged: z.strictObject({ on: z.boolean() }),
  roomSecretChanged: z.strictObject({ roomSecret: z.string().min(1) }),
  transcriptDeleted: z.strictObject({ beforeMs: nonNegative }),
  roomOffTheRecordChanged: z.strictObject({ on: z.boolean(), changedBy: z.string() }),
  roomConsentChanged: z.strictObject({ consent: consentSchema }),
};
