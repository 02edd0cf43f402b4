import { homedir } from 'node:os';
import { join } from 'node:path';
import { GRANTS, ROOM_NAME_PATTERN } from '@parley/client-sdk/protocol';
import {
  cacheDirectory,
  MODES,
  type ModeName,
  type SettingMeta,
  speechOverridesSchema,
  WAKE_WORD_LICENCE,
  WAKE_WORD_NAMES,
} from '@parley/media';
import { z } from 'zod';

/** `shownDefault`: what people read where the default depends on the machine. */
export type ServerSettingMeta = SettingMeta & { shownDefault?: string };

const restart = (description: string, unit?: string): ServerSettingMeta => ({
  description,
  class: 'restart',
  ...(unit === undefined ? {} : { unit }),
});

const port = z.int().min(0).max(65_535);
const offeredModes = (Object.keys(MODES) as ModeName[]).filter((name) => MODES[name].offered);

/** A mode that people may choose now. */
export const modeSchema = z.enum(offeredModes as [ModeName, ...ModeName[]], {
  error: ({ input }) =>
    typeof input === 'string' && Object.hasOwn(MODES, input)
      ? `the mode ${input} cannot be chosen until there are recordings; choose one of ${offeredModes.join(', ')}`
      : undefined,
});

const file = z.string().min(1).max(4_096);

const wakeWordName = z.enum(WAKE_WORD_NAMES, {
  error: ({ input }) =>
    typeof input === 'string'
      ? `there is no published wake word "${input}"; choose from ${WAKE_WORD_NAMES.join(', ')}`
      : undefined,
});

/**
 * The one schema of all settings. A key's place in this tree is its place in the file, `--like-this` its flag and
 * `PARLEY_LIKE_THIS` its environment variable.
 */
export const settingsSchema = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1').meta(restart('Address to listen on')),
  port: port.default(8443).meta(restart('Port of the page, the API and the sockets; 0 = any free one')),
  lan: z.boolean().default(false).meta(restart('Be reachable from the local network; a join secret is then required')),
  joinSecret: z
    .string()
    .min(6)
    .max(128)
    .optional()
    .meta(restart('What people must know to join; made up and printed when needed and not given')),
  origins: z
    .array(z.url({ protocol: /^https?$/ }))
    .max(100)
    .default([])
    .meta(restart('Further origins (https://host) whose pages may use this server')),
  keycloak: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta(restart('Address of Keycloak as browsers see it, e.g. https://id.example; people then sign in there')),
      internalUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta(restart('Address at which this server reaches it, where that is another one')),
      realm: z.string().min(1).max(128).default('parley').meta(restart('Realm')),
      clientId: z.string().min(1).max(128).default('parley-web').meta(restart('Public client of the meeting page')),
      audience: z.string().min(1).max(128).default('parley').meta(restart('What tokens must be meant for')),
      serviceClientId: z
        .string()
        .min(1)
        .max(128)
        .default('parley-service')
        .meta(
          restart('Confidential client: its service account may mint room tokens, and asks whether tokens still hold'),
        ),
      serviceClientSecret: z
        .string()
        .min(8)
        .max(512)
        .optional()
        .meta(restart('Its secret; with it tokens are introspected, so that a disabled user is out within a minute')),
      introspectEveryMs: z
        .int()
        .min(5_000)
        .max(3_600_000)
        .default(60_000)
        .meta(restart('How often that is asked', 'ms')),
      caFile: file.optional().meta(restart('Certificate authority (PEM) of its address, where the system knows none')),
    })
    .prefault({}),
  guests: z
    .boolean()
    .optional()
    .meta({
      ...restart('Let people in with a name alone (and the join secret beyond this machine)'),
      shownDefault: 'only without Keycloak',
    }),
  audit: z
    .strictObject({
      enabled: z.boolean().default(true).meta(restart('Write down who joined, moderated and was refused')),
      file: file.optional().meta({ ...restart('Where to, as JSON lines'), shownDefault: 'audit.log in dataDir' }),
    })
    .prefault({}),
  dataDir: z
    .string()
    .min(1)
    .default(() => process.env.PARLEY_DATA ?? join(homedir(), '.local', 'share', 'parley'))
    .meta({ ...restart('Folder for certificates and other things to keep'), shownDefault: '~/.local/share/parley' }),
  cacheDir: z
    .string()
    .min(1)
    .default(() => cacheDirectory())
    .meta({ ...restart('Folder for models and what was built'), shownDefault: '~/.cache/parley' }),
  tls: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .meta(restart('https; without it browsers give the microphone on localhost only')),
      certFile: z
        .string()
        .optional()
        .meta(restart('Certificate chain in PEM; a development certificate is made without')),
      keyFile: z.string().optional().meta(restart('Private key in PEM')),
    })
    .prefault({}),
  media: z
    .strictObject({
      port: port
        .default(44_444)
        .meta(restart('UDP and TCP port for audio; SFU process n takes this + n; 0 = any free ones')),
      announcedAddress: z
        .string()
        .max(255)
        .optional()
        .meta(restart('Address that browsers reach this machine at, where it is not one of its own')),
      sfuWorkers: z
        .int()
        .min(1)
        .max(64)
        .optional()
        .meta(restart('Processes that forward audio; default: half the cores')),
      pipelineWorkers: z.int().min(1).max(64).default(1).meta(restart('Processes that turn audio into utterances')),
    })
    .prefault({}),
  model: z
    .string()
    .min(1)
    .max(1_000)
    .default('auto')
    .meta(restart('Whisper model: auto, a name of `parley models list`, a file or an address')),
  modelBaseUrl: z.url().optional().meta(restart('Where published models are downloaded from')),
  interimModel: z
    .string()
    .min(1)
    .max(1_000)
    .default('auto')
    .meta(
      restart(
        'Model of interim text: same, a name, a file or an address; auto: where the mode takes two models and a much smaller one has been downloaded, that one',
      ),
    ),
  device: z.enum(['auto', 'cpu', 'cuda']).default('auto').meta(restart('Where the recogniser runs')),
  engine: z
    .enum(['auto', 'onnx', 'whispercpp'])
    .default('auto')
    .meta(
      restart(
        'Who encodes audio on a CPU: onnx is ONNX Runtime, several times quicker than whispercpp; auto: onnx where it works. The decoder is whisper.cpp each time',
      ),
    ),
  lanes: z.int().min(1).max(8).optional().meta(restart('Recognitions at the same time; default by device and cores')),
  threadsPerLane: z.int().min(1).max(8).optional().meta(restart('CPU threads of one recognition; default by cores')),
  mode: modeSchema.default('balanced').meta(restart('Named set of speech settings; rooms may have another')),
  speech: speechOverridesSchema.prefault({}),
  rooms: z
    .record(
      z.string().max(64).regex(ROOM_NAME_PATTERN, 'is not a room name'),
      z.strictObject({
        mode: modeSchema.optional(),
        speech: speechOverridesSchema.optional(),
        hotWords: z.array(z.string().trim().min(1).max(64)).max(200).optional(),
        /** By the subject (`sub`) that Keycloak knows them by. */
        members: z.record(z.string().min(1).max(256), z.array(z.enum(GRANTS)).min(1)).optional(),
      }),
    )
    .default({})
    .meta(restart('Mode, speech settings, hot words and members of single rooms, by name; in the file alone')),
  memberSettings: z
    .boolean()
    .default(true)
    .meta(restart("Everybody in a room may change the room's speech settings; their own they always may")),
  wakeWord: z
    .strictObject({
      models: z
        .array(wakeWordName)
        .max(16)
        .default([])
        .meta(
          restart(
            `Published wake words by name, fetched when missing; licence ${WAKE_WORD_LICENCE.name}: ${WAKE_WORD_LICENCE.condition}`,
          ),
        ),
      melModel: file.optional().meta(restart('ONNX file that makes mel spectrograms for wake word classifiers')),
      embeddingModel: file.optional().meta(restart('ONNX file that makes embeddings of them')),
      classifierModels: z
        .array(file)
        .max(16)
        .default([])
        .meta(restart('ONNX files in the format of openWakeWord, one for each wake word')),
    })
    .prefault({}),
  trustedProxies: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(100)
    .default([])
    .meta(restart('Addresses of proxies in front of this server, whose X-Forwarded-For is believed')),
  turn: z
    .strictObject({
      urls: z
        .array(
          z
            .string()
            .max(512)
            .regex(/^(stuns?|turns?):/, 'begins with stun:, turn: or turns:'),
        )
        .max(10)
        .default([])
        .meta(restart('Relays that browsers may use')),
      username: z.string().min(1).max(256).optional().meta(restart('Account at the relays')),
      credential: z.string().min(1).max(256).optional().meta(restart('Its password')),
      secret: z
        .string()
        .min(8)
        .max(256)
        .optional()
        .meta(restart('Instead of an account: the secret shared with coturn, which makes credentials that run out')),
      ttlS: z.int().min(30).max(300).default(300).meta(restart('How long these hold', 's')),
    })
    .refine(
      ({ secret, username, credential }) =>
        secret === undefined || (username === undefined && credential === undefined),
      'secret and an account (username, credential) exclude each other',
    )
    .prefault({}),
  metrics: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .meta(restart('GET /metrics for other machines too; programs on this machine always may')),
      token: z
        .string()
        .min(16)
        .max(256)
        .optional()
        .meta(restart('Bearer token that GET /metrics then asks for, of everybody')),
    })
    .prefault({}),
  limits: z
    .strictObject({
      rooms: z.int().min(1).max(10_000).default(200).meta(restart('Rooms at the same time')),
      participantsPerRoom: z.int().min(1).max(1_000).default(50).meta(restart('Participants of one room')),
      connections: z.int().min(1).max(100_000).default(2_000).meta(restart('Open sockets')),
      connectsPerMinutePerAddress: z
        .int()
        .min(1)
        .max(100_000)
        .default(300)
        .meta(restart('New sockets from one address within a minute; an office may be one address')),
      postsPerMinutePerAddress: z
        .int()
        .min(1)
        .max(100_000)
        .default(300)
        .meta(
          restart(
            'Room tokens that one address may ask for within a minute, and refused sign-outs; an IPv6 network of 64 bits is one address',
          ),
        ),
      socketsPerAddress: z.int().min(1).max(100_000).default(300).meta(restart('Open sockets from one address')),
      messagesPerSecond: z
        .int()
        .min(1)
        .max(1_000)
        .default(20)
        .meta(restart('Requests over one socket in the long run; twice that for one person over all of theirs')),
      messageBurst: z.int().min(10).max(10_000).default(150).meta(restart('Requests over one socket at once')),
      sessionMs: z
        .int()
        .min(60_000)
        .max(7 * 24 * 3_600_000)
        .default(12 * 3_600_000)
        .meta(restart('Longest that one connection may last', 'ms')),
      transcriptSegments: z
        .int()
        .min(100)
        .max(1_000_000)
        .default(20_000)
        .meta(restart('Segments of a meeting that are kept for late joiners; the oldest go first')),
    })
    .prefault({}),
  meetingEndDelayMs: z
    .int()
    .min(0)
    .max(24 * 3_600_000)
    .default(300_000)
    .meta(restart('How long a meeting waits for somebody to come back after the last one left', 'ms')),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info')
        .meta(restart('Least severe level that is logged')),
      file: z.string().optional().meta(restart('File for the log; standard error without')),
    })
    .prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;
/** Any part of the settings, as a file or a caller gives them. */
export type SettingsInput = z.input<typeof settingsSchema>;
