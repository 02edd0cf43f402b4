import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParleyError, type TranscriptionStatus } from '@parley/client-sdk/protocol';
import {
  detectDevice,
  MediaNode,
  type MediaNodeOptions,
  ModelStore,
  type ModelStoreOptions,
  WakeWordStore,
} from '@parley/media/node';
import { resolveSpeechSettings } from '@parley/media/settings';
import { ensureDevelopmentCertificate } from '../../certs/generate.mjs';
import type { Identity } from './auth/Authenticator.js';
import { grantsOf } from './auth/grants.js';
import { MOST_REVOKED, SessionRegistry } from './auth/SessionRegistry.js';
import { type Settings, type SettingsInput, settingsSchema } from './config/settings.js';
import { ConnectionLimiter } from './edge/ConnectionLimiter.js';
import { clientAddressOf, limitKeyOf } from './edge/clientAddress.js';
import { HTTP_SERVER_OPTIONS, hardenHttpServer } from './edge/hardenHttpServer.js';
import { MessageLimiter } from './edge/MessageLimiter.js';
import { createApp } from './http/createApp.js';
import { ForbiddenLog } from './http/ForbiddenLog.js';
import { OriginPolicy } from './http/originPolicy.js';
import { roomRoutes } from './http/roomRoutes.js';
import { isExposed, isLoopback, listenHost, mediaAddresses, serverNames } from './lifecycle/addresses.js';
import { BUILT_IN_MODELS } from './lifecycle/builtInModels.js';
import { StartError } from './lifecycle/errors.js';
import { allowsGuests, createIdentities, type Identities } from './lifecycle/identity.js';
import { interimModelOf } from './lifecycle/interimModel.js';
import { mainModelOf, refuseInabilities } from './lifecycle/mainModel.js';
import { overloadOf } from './lifecycle/overload.js';
import { degradationOf, transcriptionStatusOf, wireModelOf } from './lifecycle/transcriptionStatus.js';
import { wakeWordsDirectory, wakeWordsOf } from './lifecycle/wakeWords.js';
import { type AuditLog, auditFileOf, createAuditLog, NO_AUDIT } from './observability/AuditLog.js';
import { createLogger, type Logger } from './observability/logger.js';
import { Metrics } from './observability/Metrics.js';
import { RoomRegistry } from './rooms/RoomRegistry.js';
import { SignalingServer } from './signaling/SignalingServer.js';
import { fileKeyStores } from './store/files/fileKeyStores.js';
import { MemoryTranscriptStore } from './store/memory/MemoryTranscriptStore.js';
import type { TranscriptStore } from './store/TranscriptStore.js';

export interface StartServerOptions {
  settings?: SettingsInput;
  logger?: Logger;
  /** Of a model that is being downloaded. */
  onModelProgress?: NonNullable<ModelStoreOptions['onProgress']>;
  /** Gives up the start while models are fetched. */
  signal?: AbortSignal;
  /** @internal Instead of a node of one's own: for tests that need rooms and sockets, but no audio. Closed with the server. */
  media?: MediaNode;
  /** Default: kept in memory, as long as the meeting lasts. */
  transcripts?: TranscriptStore;
}

interface Parts {
  settings: Settings;
  logger: Logger;
  media: MediaNode;
  rooms: RoomRegistry;
  signaling: SignalingServer;
  httpServer: HttpServer | HttpsServer;
  identities: Identities;
  audit: AuditLog;
  forbidden: ForbiddenLog;
  joinSecret: string | undefined;
  /** Of the ASR process's socket; ours alone. */
  socketDirectory: string;
  certificateAuthority: string | undefined;
  transcription: () => TranscriptionStatus;
  modelDetail: string | undefined;
  /** Takes the listener to the recogniser's state off. */
  stopListening: () => void;
}

/** Starts everything. @throws SettingsError, StartError, SfuError, ModelError: each a sentence that says what to do */
export function startServer(options: StartServerOptions = {}): Promise<Server> {
  return Server.start(options);
}

/** The composition root: the one place that knows all parts, in the order in which they start and end. */
export class Server {
  readonly #parts: Parts;
  #closing: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async start(options: StartServerOptions): Promise<Server> {
    const settings = settingsSchema.parse(options.settings ?? {});
    const logger =
      options.logger ??
      createLogger(
        settings.log.file === undefined
          ? { level: settings.log.level }
          : { level: settings.log.level, file: settings.log.file },
      );
    const joinSecret = settings.joinSecret ?? (needsJoinSecret(settings) ? inventJoinSecret() : undefined);
    const tls = settings.tls.enabled ? await certificateOf(settings) : undefined;

    const fetching = {
      ...(options.onModelProgress === undefined ? {} : { onProgress: options.onModelProgress }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    const store = new ModelStore({
      directory: join(settings.cacheDir, 'models'),
      builtInDirectory: BUILT_IN_MODELS,
      ...(settings.modelBaseUrl === undefined ? {} : { baseUrl: settings.modelBaseUrl }),
      ...fetching,
    });
    const device = settings.device === 'auto' ? detectDevice() : settings.device;
    const model = await mainModelOf({ store, settings, device });
    if (model.detail !== undefined) logger.warn({ reason: model.detail }, 'the model is another one');
    refuseInabilities({ settings, model });
    const interimModel = await interimModelOf({ store, settings, device, model });
    const wakeWords = await wakeWordsOf({
      store: new WakeWordStore({
        directory: wakeWordsDirectory(settings),
        ...fetching,
      }),
      settings,
    });

    const socketDirectory = mkdtempSync(join(tmpdir(), 'parley-'));
    const removeSocketDirectory = () => rmSync(socketDirectory, { recursive: true, force: true });
    const mediaOptions: MediaNodeOptions = {
      sfu: {
        addresses: mediaAddresses(settings),
        port: settings.media.port,
        ...(process.env.PARLEY_MEDIASOUP_WORKER === undefined
          ? {}
          : { workerBinary: process.env.PARLEY_MEDIASOUP_WORKER }),
        ...(settings.media.sfuWorkers === undefined ? {} : { workers: settings.media.sfuWorkers }),
      },
      pipelineWorkers: settings.media.pipelineWorkers,
      recognizer: {
        model,
        ...(interimModel === undefined ? {} : { interimModel }),
        device: settings.device,
        engine: settings.engine,
        encoderDirectory: join(settings.cacheDir, 'encoders'),
        socketDirectory,
        ...(settings.lanes === undefined ? {} : { lanes: settings.lanes }),
        ...(settings.threadsPerLane === undefined ? {} : { threadsPerLane: settings.threadsPerLane }),
      },
      ...wakeWords,
      settings: resolveSpeechSettings(settings.mode, settings.speech),
      logger: ({ process: name, source, text }) => logger.warn({ process: name, source }, text),
      onEvent: (event) =>
        event.type === 'workerStarted' ? logger.info(event, 'SFU worker started') : logger.error(event, 'SFU worker'),
    };
    const media =
      options.media ??
      (await MediaNode.create(mediaOptions).catch((error: unknown) => {
        removeSocketDirectory();
        throw error;
      }));

    const transcription = () =>
      transcriptionStatusOf({
        status: media.recognizerStatus,
        load: media.recognizerLoad,
        model,
        mode: settings.mode,
      });
    const metrics = new Metrics({
      counts: async () => ({ rooms: rooms.size, ...(await rooms.counts()), sockets: signaling.connectionCount }),
      recognizer: () => media.recognizerStats,
      load: () => media.recognizerLoad.level,
      engine: () => {
        const { encoder, device } = media.recognizerStatus.engine;
        return { model: model.profile.name, encoder, device };
      },
    });
    const rooms: RoomRegistry = new RoomRegistry({
      media,
      model: model.profile,
      settings,
      logger,
      transcription,
      observer: metrics,
      overload: () => overloadOf({ load: media.recognizerLoad.level }),
      transcripts:
        options.transcripts ?? new MemoryTranscriptStore({ segmentsPerMeeting: settings.limits.transcriptSegments }),
    });
    const stopListeningToStatus = media.onRecognizerStatus(() => {
      const status = transcription();
      logger[status.state === 'ready' ? 'info' : 'warn'](
        { state: status.state, device: status.engine.device, encoder: status.engine.encoder, reason: status.reason },
        'recogniser',
      );
      void rooms.all().then((all) => {
        for (const room of all) room.transcriptionChanged();
      });
    });
    const stopListeningToLoad = media.onRecognizerLoad((load) => {
      const { level, reason } = load;
      const degradation = degradationOf(load);
      logger[degradation === undefined ? 'info' : 'warn']({ level, reason }, 'load of the recogniser');
      void rooms.all().then((all) => {
        for (const room of all) {
          if (degradation === undefined) room.tellAll('transcriptionRecovered', {});
          else room.tellAll('transcriptionDegraded', degradation);
        }
      });
    });
    const stopListening = () => {
      stopListeningToStatus();
      stopListeningToLoad();
    };

    const httpServer =
      tls === undefined
        ? createHttpServer(HTTP_SERVER_OPTIONS)
        : createHttpsServer({
            ...HTTP_SERVER_OPTIONS,
            cert: readFileSync(tls.certPath),
            key: readFileSync(tls.keyPath),
            minVersion: 'TLSv1.2',
          });
    hardenHttpServer(httpServer, { sockets: settings.limits.connections });
    try {
      await listen(httpServer, { host: listenHost(settings), port: settings.port });
    } catch (error) {
      await media.close();
      removeSocketDirectory();
      throw error;
    }

    const { port } = httpServer.address() as AddressInfo;
    const scheme = tls === undefined ? 'http' : 'https';
    const originPolicy = new OriginPolicy({
      ownOrigins: serverNames(settings).map((name) => `${scheme}://${bracketed(name)}:${port}`),
      furtherOrigins: settings.origins,
    });
    const onNotKept = (reason: string) =>
      logger.error({ reason }, 'a sign-out could not be written down: it holds until a restart');
    const stores = fileKeyStores({ dataDir: settings.dataDir, mostRevoked: MOST_REVOKED, onFailure: onNotKept });
    const sessions = await SessionRegistry.create({
      longestMs: settings.limits.sessionMs,
      revocations: stores.revocations,
      onNotKept,
    });
    const audit = settings.audit.enabled ? createAuditLog({ file: auditFileOf(settings) }) : NO_AUDIT;
    const limitKey = (request: IncomingMessage) =>
      limitKeyOf(clientAddressOf(request, { trustedProxies: settings.trustedProxies }));
    const identities = await createIdentities({
      settings,
      joinSecret,
      model: wireModelOf(model),
      stores,
      sessions,
      audit,
      logger,
      limitKeyOf: limitKey,
    });
    const { authenticator } = identities;
    const grantsIn = (identity: Identity, room: string) => {
      const members = Object.hasOwn(settings.rooms, room) ? settings.rooms[room]?.members : undefined;
      return grantsOf({ identity, room, policy: { members, issuer: identities.issuer } });
    };
    const certificateAuthority = tls?.caPath;
    const forbidden = new ForbiddenLog({ logger });
    const app = createApp({
      originPolicy,
      readiness: () => ({
        ready: media.ready && identities.ready,
        transcription: transcription(),
        ...(media.ready ? {} : { reason: 'media workers are starting' }),
        ...(identities.ready ? {} : { reason: "the identity provider's keys are not there yet" }),
      }),
      ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
      mode: settings.mode,
      onError: (error) => logger.error({ err: error }, 'an HTTP request failed'),
      onForbidden: (headers) => forbidden.record(headers),
      withoutTls: tls === undefined,
      ownCertificate: settings.tls.enabled && settings.tls.certFile !== undefined,
      identityRoutes: identities.routes,
      roomRoutes: roomRoutes({
        identify: (token) => identities.identify(token),
        grantsIn,
        roomNamed: (name) => rooms.find(name),
        audit,
      }),
      ...(settings.keycloak.url === undefined ? {} : { identityOrigin: new URL(settings.keycloak.url).origin }),
      metrics: { metrics, enabled: settings.metrics.enabled, token: settings.metrics.token },
    });
    httpServer.on('request', app);
    const signaling: SignalingServer = new SignalingServer({
      httpServer,
      originPolicy,
      authenticator,
      sessions,
      audit,
      grantsIn,
      rooms,
      maxConnections: settings.limits.connections,
      connectionLimiter: new ConnectionLimiter({
        connectsPerMinute: settings.limits.connectsPerMinutePerAddress,
        sockets: settings.limits.socketsPerAddress,
      }),
      limitKeyOf: limitKey,
      messageLimiter: new MessageLimiter({
        perSecond: settings.limits.messagesPerSecond,
        burst: settings.limits.messageBurst,
      }),
      logger,
    });
    return new Server({
      settings,
      logger,
      media,
      rooms,
      signaling,
      httpServer,
      identities,
      audit,
      forbidden,
      joinSecret,
      socketDirectory,
      certificateAuthority,
      transcription,
      modelDetail: model.detail,
      stopListening,
    });
  }

  /** The address to open on this machine. */
  get url(): string {
    const { settings } = this.#parts;
    const host = listenHost(settings);
    return this.#urlOf(host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host);
  }

  /** Addresses for other machines; empty on loopback. */
  get networkUrls(): string[] {
    return serverNames(this.#parts.settings)
      .filter((name) => !isLoopback(name))
      .map((name) => this.#urlOf(name));
  }

  get settings(): Settings {
    return this.#parts.settings;
  }

  get joinSecret(): string | undefined {
    return this.#parts.joinSecret;
  }

  get transcription(): TranscriptionStatus {
    return this.#parts.transcription();
  }

  /** Why the model is not the one that `auto` stands for, with addresses: for who runs the server alone. */
  get modelDetail(): string | undefined {
    return this.#parts.modelDetail;
  }

  get authentication(): string {
    return this.#parts.identities.authenticator.description;
  }

  /** The certificate authority's file behind a development certificate. */
  get certificateAuthority(): string | undefined {
    return this.#parts.certificateAuthority;
  }

  /** Process ids of all children, for operators and tests. */
  get childPids(): ReturnType<() => MediaNode['pids']> {
    return this.#parts.media.pids;
  }

  /** What is held at the moment. After everybody has left and the meetings are over, all of it is back where it began. */
  async resources(): Promise<Record<string, number>> {
    const { rooms, signaling, media } = this.#parts;
    const sum = await rooms.counts();
    const worker = await media.mediaWorkerResources();
    const { sfu, media: mediaPids, asr } = media.pids;
    return {
      rooms: rooms.size,
      sockets: signaling.connectionCount,
      ...sum,
      pipelines: worker.pipelines,
      mediaWorkerRooms: worker.rooms,
      mediaWorkerTimers: worker.timers,
      mediaWorkerDescriptors: worker.descriptors,
      childProcesses: sfu.length + mediaPids.length + (asr === undefined ? 0 : 1),
      timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
      descriptors: readdirSync('/proc/self/fd').length,
    };
  }

  /** Tells everybody, lets last words become text, ends all children. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { rooms, signaling, media, httpServer, socketDirectory, stopListening, identities } = this.#parts;
    const { audit, forbidden } = this.#parts;
    stopListening();
    identities.close();
    await rooms.close(new ParleyError('SERVER_SHUTTING_DOWN'));
    await signaling.close();
    audit.close();
    forbidden.close();
    httpServer.closeAllConnections();
    await media.close();
    rmSync(socketDirectory, { recursive: true, force: true });
  }

  #urlOf(name: string): string {
    const { port } = this.#parts.httpServer.address() as AddressInfo;
    return `${this.#parts.settings.tls.enabled ? 'https' : 'http'}://${bracketed(name)}:${port}`;
  }
}

function bracketed(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}

/** Beyond this machine a name alone must not be enough. */
function needsJoinSecret(settings: Settings): boolean {
  return allowsGuests(settings) && isExposed(settings);
}

/** 60 bits in letters that nobody mistakes for one another. */
function inventJoinSecret(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join('');
}

async function certificateOf(settings: Settings): Promise<{ certPath: string; keyPath: string; caPath?: string }> {
  const { certFile, keyFile } = settings.tls;
  if (certFile !== undefined && keyFile !== undefined) {
    return { certPath: certFile, keyPath: keyFile };
  }
  return ensureDevelopmentCertificate({ dir: join(settings.dataDir, 'tls'), addresses: serverNames(settings) });
}

function listen(server: HttpServer | HttpsServer, where: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(StartError.fromListen(error, where)));
    server.listen(where.port, where.host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
