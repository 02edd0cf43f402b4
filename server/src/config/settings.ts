import { homedir } from 'node:os';
import { join } from 'node:path';
import { GRANTS, LATECOMERS_READ, LIMITS, ROOM_NAME_PATTERN } from '@parley/client-sdk/protocol';
import { cacheDirectory } from '@parley/media/node';
import {
  MODES,
  type ModeName,
  type SettingMeta,
  speechOverridesSchema,
  WAKE_WORD_LICENCE,
  WAKE_WORD_NAMES,
} from '@parley/media/settings';
import { z } from 'zod';
import { isLoopback } from './loopback.js';

/** `shownDefault`: the default in the docs if it depends on the machine. `secret`: never taken from an argument or a readable file. */
export type ServerSettingMeta = SettingMeta & { shownDefault?: string; secret?: boolean };

const restart = (description: string, unit?: string): ServerSettingMeta => ({
  description,
  class: 'restart',
  ...(unit === undefined ? {} : { unit }),
});

const secret = (description: string): ServerSettingMeta => ({ ...restart(description), secret: true });

const port = z.int().min(0).max(65_535);
const offeredModes = (Object.keys(MODES) as ModeName[]).filter((name) => MODES[name].offered);

/** A mode that can currently be chosen. */
export const modeSchema = z.enum(offeredModes as [ModeName, ...ModeName[]], {
  error: ({ input }) =>
    typeof input === 'string' && Object.hasOwn(MODES, input)
      ? `the mode ${input} is not available until recording exists; choose one of ${offeredModes.join(', ')}`
      : undefined,
});

const file = z.string().min(1).max(4_096);

/** Of a file that the server appends to. */
const rotation = ({ ofWhat, maxFiles }: { ofWhat: string; maxFiles: number }) => ({
  maxFileMb: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .meta(restart(`Size at which the file of the ${ofWhat} becomes an old one, named .1`, 'MB')),
  maxFiles: z
    .int()
    .min(1)
    .max(1_000)
    .default(maxFiles)
    .meta(restart(`Old files of the ${ofWhat} that are kept; the oldest is deleted`)),
});

/** Of the system, as useradd takes it. */
const accountName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/i, 'is not the name of an account');

const roleNames = (role: string, allows: string) =>
  z
    .array(z.string().min(1).max(256))
    .max(20)
    .default([role])
    .meta(restart(`Roles of the realm or of \`clientId\` whose holders are Parley's ${role}: ${allows}`));

/** Whether others than this machine carry what goes there, and can read it. */
function isOpenHttp(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && !isLoopback(hostname);
}

const HTTP_TO_KEYCLOAK =
  'http is not encrypted: use https, or set keycloak.allowHttp if you trust the network between this server, the browsers and Keycloak';

const wakeWordName = z.enum(WAKE_WORD_NAMES, {
  error: ({ input }) =>
    typeof input === 'string'
      ? `"${input}" is not a published wake word; choose from ${WAKE_WORD_NAMES.join(', ')}`
      : undefined,
});

/**
 * The only schema of all settings. A key's place in this tree is its place in the file, `--like-this` its flag and `PARLEY_LIKE_THIS` its
 * environment variable.
 */
export const settingsSchema = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1').meta(restart('Address to listen on')),
  port: port.default(8443).meta(restart('Port of the page, the API and the sockets; 0 = any free port')),
  lan: z.boolean().default(false).meta(restart('Allow connections from the local network; requires a join secret')),
  joinSecret: z
    .string()
    .min(6)
    .max(128)
    .optional()
    .meta(secret('Secret that guests need to join; generated and printed if it is required and not set')),
  origins: z
    .array(z.url({ protocol: /^https?$/ }))
    .max(100)
    .default([])
    .meta(restart('Other origins (https://host) whose pages may use this server')),
  keycloak: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta(restart('Address of Keycloak as seen by browsers, e.g. https://id.example; enables sign-in')),
      internalUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta(restart('Address of Keycloak as seen by this server, if different')),
      allowHttp: z
        .boolean()
        .default(false)
        .meta(
          restart(
            'Allow http to a Keycloak on another machine: anyone on the way can then read tokens and replace the keys that they are verified with',
          ),
        ),
      realm: z.string().min(1).max(128).default('parley').meta(restart('Keycloak realm')),
      clientId: z.string().min(1).max(128).default('parley-web').meta(restart('Public client of the meeting page')),
      audience: z.string().min(1).max(128).default('parley').meta(restart('Required audience of tokens')),
      serviceClientId: z
        .string()
        .min(1)
        .max(128)
        .default('parley-service')
        .meta(restart('Confidential client whose service account creates room tokens and introspects tokens')),
      serviceClientSecret: z
        .string()
        .min(8)
        .max(512)
        .optional()
        .meta(
          secret(
            'Secret of that client; if set, tokens are introspected, so that a disabled user is disconnected within a minute',
          ),
        ),
      roles: z
        .strictObject({
          participant: roleNames('participant', 'may join, speak, listen and read'),
          moderator: roleNames('moderator', 'may also mute, remove, lock and end'),
          archivist: roleNames('archivist', 'may listen, read and export, but not speak'),
          admin: roleNames('admin', 'may do everything in every room'),
        })
        .prefault({}),
      introspectEveryMs: z
        .int()
        .min(5_000)
        .max(3_600_000)
        .default(60_000)
        .meta(restart('Interval between introspections', 'ms')),
      caFile: file.optional().meta(restart('Certificate authority (PEM) of Keycloak, if the system does not know it')),
    })
    .superRefine(({ url, internalUrl, allowHttp }, context) => {
      for (const [key, value] of Object.entries({ url, internalUrl })) {
        if (value !== undefined && !allowHttp && isOpenHttp(value)) {
          context.addIssue({ code: 'custom', path: [key], message: HTTP_TO_KEYCLOAK });
        }
      }
    })
    .prefault({}),
  guests: z
    .boolean()
    .optional()
    .meta({
      ...restart('Let people join with only a name (from other machines, also the join secret)'),
      shownDefault: 'only without Keycloak',
    }),
  audit: z
    .strictObject({
      enabled: z.boolean().default(true).meta(restart('Keep an audit log of who joined, moderated and was refused')),
      file: file
        .optional()
        .meta({ ...restart('File of the audit log (JSON lines)'), shownDefault: 'audit.log in dataDir' }),
      ...rotation({ ofWhat: 'audit log', maxFiles: 20 }),
    })
    .prefault({}),
  allowRoot: z
    .boolean()
    .default(false)
    .meta(restart('Let `parley start` run as root; `npm start` does so by itself, for trials')),
  accounts: z
    .strictObject({
      server: accountName
        .optional()
        .meta(restart('Account that `parley start` goes on with when root starts it, see deploy/README.md')),
      children: accountName
        .optional()
        .meta(
          restart(
            'Account of the processes that handle audio, which then cannot read the files of the server; needs a server that may change accounts, see deploy/README.md',
          ),
        ),
    })
    .prefault({}),
  dataDir: z
    .string()
    .min(1)
    .default(() => process.env.PARLEY_DATA ?? join(homedir(), '.local', 'share', 'parley'))
    .meta({
      ...restart('Folder for certificates, keys and other persistent data'),
      shownDefault: '~/.local/share/parley',
    }),
  cacheDir: z
    .string()
    .min(1)
    .default(() => cacheDirectory())
    .meta({ ...restart('Folder for models and built files'), shownDefault: '~/.cache/parley' }),
  tls: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .meta(restart('Serve over https; without it browsers allow the microphone on localhost only')),
      certFile: z
        .string()
        .optional()
        .meta(restart('Certificate chain (PEM); without one, a development certificate is created')),
      keyFile: z.string().optional().meta(restart('Private key (PEM)')),
    })
    .prefault({}),
  media: z
    .strictObject({
      port: port
        .default(44_444)
        .meta(restart('UDP (and TCP) port for audio; SFU process n uses this + n; 0 = any free ports')),
      addresses: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .max(16)
        .default([])
        .meta({
          ...restart('Addresses of this machine to use for audio, besides loopback'),
          shownDefault: 'none; with lan or another host, those that pages are served on',
        }),
      tcp: z
        .boolean()
        .optional()
        .meta({
          ...restart('Accept audio over TCP, for networks without UDP; needs firewall rules, see running.md'),
          shownDefault: 'only if audio uses loopback alone',
        }),
      announcedAddress: z
        .string()
        .max(255)
        .optional()
        .meta(restart('Address at which browsers reach this machine, if it is not one of its own')),
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
    .meta(restart('Whisper model: auto, a name from `parley models list`, a file or an https address')),
  modelSha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must have 64 hexadecimal digits')
    .optional()
    .meta(restart('SHA-256 that the file of `model` must have; another file is not used')),
  modelBaseUrl: z.url().optional().meta(restart('Base address for downloads of published models')),
  interimModel: z
    .string()
    .min(1)
    .max(1_000)
    .default('auto')
    .meta(
      restart(
        'Model for interim text: same, a name, a file or an address; auto: a much smaller model if the mode uses two models and one has been downloaded',
      ),
    ),
  device: z.enum(['auto', 'cpu', 'cuda']).default('auto').meta(restart('Device that the recogniser runs on')),
  engine: z
    .enum(['auto', 'onnx', 'whispercpp'])
    .default('auto')
    .meta(
      restart(
        'Audio encoder on a CPU: onnx (ONNX Runtime) is several times faster than whispercpp; auto: onnx if it works. The decoder is always whisper.cpp',
      ),
    ),
  lanes: z
    .int()
    .min(1)
    .max(8)
    .optional()
    .meta(restart('Recognitions that run at the same time; default: depends on device and cores')),
  threadsPerLane: z
    .int()
    .min(1)
    .max(8)
    .optional()
    .meta(restart('CPU threads for one recognition; default: depends on the cores')),
  mode: modeSchema.default('balanced').meta(restart('Named set of speech settings; rooms can use a different one')),
  speech: speechOverridesSchema.prefault({}),
  rooms: z
    .record(
      z.string().max(64).regex(ROOM_NAME_PATTERN, 'is not a room name'),
      z.strictObject({
        mode: modeSchema.optional(),
        speech: speechOverridesSchema.optional(),
        hotWords: z.array(z.string().trim().min(1).max(64)).max(200).optional(),
        waitingRoom: z.boolean().optional(),
        latecomersRead: z.enum(LATECOMERS_READ).optional(),
        consentRequired: z.boolean().optional(),
        /** By the subject (`sub`) in Keycloak. */
        members: z.record(z.string().min(1).max(256), z.array(z.enum(GRANTS)).min(1)).optional(),
      }),
    )
    .default({})
    .meta(
      restart(
        'Mode, speech settings, hot words, waiting room, what latecomers read, whether consent is required, and members of individual rooms, by name; in the settings file only',
      ),
    ),
  onlyListedRooms: z
    .boolean()
    .default(false)
    .meta(restart('Open only rooms that `rooms` lists, and rooms of room tokens')),
  guestsModerate: z
    .boolean()
    .default(true)
    .meta(
      restart('Without Keycloak: make the guest who opens a room its moderator, with a moderator key to take along'),
    ),
  waitingRoom: z
    .boolean()
    .default(false)
    .meta(restart('Let newcomers wait until a moderator admits them; moderators can change it for their room')),
  latecomersRead: z
    .enum(LATECOMERS_READ)
    .default('all')
    .meta(
      restart(
        'What those may read who join while somebody is in the room: all of the transcript, or what is said since their first join. In an empty room newcomers always read only what is said from then on',
      ),
    ),
  consent: z
    .strictObject({
      required: z
        .boolean()
        .default(false)
        .meta(
          restart(
            'Transcribe only participants who consent; moderators can require it for their meeting. Nobody else is decoded or kept, but everyone is heard by the others',
          ),
        ),
      version: z
        .string()
        .min(1)
        .max(LIMITS.consentVersionLength)
        .default('1')
        .meta(restart('Version of the wording, kept in the audit log with each consent; change it with the text')),
      text: z
        .string()
        .trim()
        .min(1)
        .max(LIMITS.consentTextLength)
        .optional()
        .meta({
          ...restart('What participants consent to, as plain text'),
          shownDefault: "the page's own wording, in the language of its user",
        }),
    })
    .prefault({}),
  memberSettings: z
    .boolean()
    .default(false)
    .meta(
      restart(
        'Let everyone in a room, not only moderators, change its speech settings; people always change their own',
      ),
    ),
  wakeWord: z
    .strictObject({
      models: z
        .array(wakeWordName)
        .max(16)
        .default([])
        .meta(
          restart(
            `Published wake words by name, downloaded if missing; licence ${WAKE_WORD_LICENCE.name}: ${WAKE_WORD_LICENCE.condition}`,
          ),
        ),
      melModel: file.optional().meta(restart('ONNX file that computes mel spectrograms for wake word classifiers')),
      embeddingModel: file.optional().meta(restart('ONNX file that computes embeddings from mel spectrograms')),
      classifierModels: z
        .array(file)
        .max(16)
        .default([])
        .meta(restart('Wake word classifiers: ONNX files in openWakeWord format, one per wake word')),
    })
    .prefault({}),
  trustedProxies: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .max(100)
    .default([])
    .meta(restart('Addresses of proxies in front of this server whose X-Forwarded-For is trusted')),
  turn: z
    .strictObject({
      urls: z
        .array(
          z
            .string()
            .max(512)
            .regex(/^(stuns?|turns?):/, 'must start with stun:, turn: or turns:'),
        )
        .max(10)
        .default([])
        .meta(restart('TURN and STUN servers for browsers')),
      username: z.string().min(1).max(256).optional().meta(restart('User name for the TURN servers')),
      credential: z.string().min(1).max(256).optional().meta(secret('Password for the TURN servers')),
      secret: z
        .string()
        .min(8)
        .max(256)
        .optional()
        .meta(secret('Secret shared with coturn, instead of user name and password; creates credentials that expire')),
      ttlS: z.int().min(30).max(300).default(300).meta(restart('Lifetime of these credentials', 's')),
    })
    .refine(
      ({ secret, username, credential }) =>
        secret === undefined || (username === undefined && credential === undefined),
      'set either secret, or username and credential',
    )
    .prefault({}),
  metrics: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .meta(
          restart(
            'Serve GET /metrics to other machines; programs on this machine have access without it, unless origins, trustedProxies or media.announcedAddress show that a proxy may be in front',
          ),
        ),
      token: z
        .string()
        .min(16)
        .max(256)
        .optional()
        .meta(secret('Bearer token required for GET /metrics, also on this machine')),
    })
    .prefault({}),
  limits: z
    .strictObject({
      rooms: z.int().min(1).max(10_000).default(200).meta(restart('Rooms at the same time')),
      roomsPerPerson: z
        .int()
        .min(1)
        .max(10_000)
        .default(5)
        .meta(
          restart(
            'Open rooms that one person opened; those of room tokens and those that `rooms` lists are not counted',
          ),
        ),
      roomsPerAddress: z
        .int()
        .min(1)
        .max(10_000)
        .default(30)
        .meta(restart('The same for guests at one address; an IPv6 /64 network counts as one address')),
      participantsPerRoom: z.int().min(1).max(1_000).default(50).meta(restart('Participants in one room')),
      connections: z.int().min(1).max(100_000).default(2_000).meta(restart('Open sockets')),
      connectsPerMinutePerAddress: z
        .int()
        .min(1)
        .max(100_000)
        .default(300)
        .meta(restart('New sockets per minute from one address; a whole office may share one address')),
      postsPerMinutePerAddress: z
        .int()
        .min(1)
        .max(100_000)
        .default(300)
        .meta(
          restart(
            'Room token requests and refused sign-outs per minute from one address, and as many requests for ledgers; an IPv6 /64 network counts as one address',
          ),
        ),
      socketsPerAddress: z.int().min(1).max(100_000).default(300).meta(restart('Open sockets from one address')),
      messagesPerSecond: z
        .int()
        .min(1)
        .max(1_000)
        .default(20)
        .meta(restart('Sustained requests per second over one socket; twice that for all sockets of one person')),
      messageBurst: z.int().min(10).max(10_000).default(150).meta(restart('Requests over one socket in a burst')),
      guestMessagesPerSecondPerAddress: z
        .int()
        .min(1)
        .max(100_000)
        .default(400)
        .meta(restart('Sustained requests per second of all guests at one address; several times that in a burst')),
      sessionMs: z
        .int()
        .min(60_000)
        .max(7 * 24 * 3_600_000)
        .default(12 * 3_600_000)
        .meta(restart('Maximum duration of one connection', 'ms')),
      transcriptSegments: z
        .int()
        .min(100)
        .max(1_000_000)
        .default(20_000)
        .meta(restart('Segments of a meeting kept for late joiners; the oldest are dropped first')),
    })
    .prefault({}),
  meetingEndDelayMs: z
    .int()
    .min(0)
    .max(24 * 3_600_000)
    .default(300_000)
    .meta(restart('How long a meeting continues after the last participant has left', 'ms')),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info')
        .meta(restart('Minimum level to log')),
      file: z.string().optional().meta(restart('Log file; default: standard error')),
      ...rotation({ ofWhat: 'log', maxFiles: 5 }),
    })
    .prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;
/** Any part of the settings, from a file or a caller. */
export type SettingsInput = z.input<typeof settingsSchema>;
