import { ParleyError } from '@parley/client-sdk/protocol';
import type { MediaNode, ModelStoreOptions } from '@parley/media/node';
import { type SettingsInput, settingsSchema } from '../config/settings.js';
import { listenHost } from '../edge/addresses.js';
import { deploymentModels } from '../models/deploymentModels.js';
import { createLogger, type Logger } from '../observability/logger.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import { transcriptionStatusOf } from '../rooms/transcriptionStatus.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import { joinSecretOf } from './joinSecret.js';
import { Server } from './Server.js';
import { startApp } from './startApp.js';
import { startAudit } from './startAudit.js';
import { startEdge } from './startEdge.js';
import { startIdentities } from './startIdentities.js';
import { startMedia } from './startMedia.js';
import { startRooms } from './startRooms.js';
import { startSignaling } from './startSignaling.js';
import { tellOfRecognizer } from './tellOfRecognizer.js';

export interface StartServerOptions {
  settings?: SettingsInput;
  logger?: Logger;
  /** Progress of a model's download. */
  onModelProgress?: NonNullable<ModelStoreOptions['onProgress']>;
  /** Aborts the start while models are downloaded. */
  signal?: AbortSignal;
  /**
   * @internal Used instead of a new node, for tests with rooms and sockets but without audio. Closed with the server, also if the start
   * fails.
   */
  media?: MediaNode;
  /** Default: in memory, for the duration of the meeting. */
  transcripts?: TranscriptStore;
}

/**
 * Starts all parts. If a step fails, the parts started so far are closed first.
 * @throws SettingsError, StartError, SfuError, ModelError: each a sentence that says what to do
 */
export async function startServer(options: StartServerOptions = {}): Promise<Server> {
  const closing = new AsyncDisposableStack();
  try {
    return await startParts(options, closing);
  } catch (error) {
    // The reason for the failed start matters most; errors while closing are only attached.
    await closing.disposeAsync().catch((failure: unknown) => options.logger?.error({ err: failure }, 'tidying up'));
    throw error;
  }
}

/**
 * The order of the parts: checks that fail cheaply first, then the child processes, and the port last, when everything is attached to it.
 * They end in reverse order.
 */
async function startParts(options: StartServerOptions, closing: AsyncDisposableStack): Promise<Server> {
  const given = options.media;
  if (given !== undefined) closing.defer(() => given.close());
  const settings = settingsSchema.parse(options.settings ?? {});
  const logger = options.logger ?? createLogger({ ...settings.log, rotation: settings.log });
  const context = { settings, logger, closing };
  const joinSecret = joinSecretOf(settings);

  const edge = await startEdge(context);
  const audit = startAudit(context);
  const identities = await startIdentities({ ...context, audit, joinSecret });

  const { onModelProgress: onProgress, signal } = options;
  const models = await deploymentModels({ settings, onProgress, signal });
  const model = models.main;
  if (model.detail !== undefined) logger.warn({ reason: model.detail }, 'the preferred model is not available');
  // After the child processes have ended, rooms that were not fully transcribed end with gaps.
  let opened: RoomRegistry | undefined;
  closing.defer(() => opened?.settled());
  const media = given ?? (await startMedia({ ...context, models }));
  const transcription = () =>
    transcriptionStatusOf({ status: media.recognizerStatus, load: media.recognizerLoad, model, mode: settings.mode });

  const { rooms, metrics } = startRooms({
    ...context,
    audit,
    media,
    model: model.profile,
    transcription,
    transcripts: options.transcripts,
    sockets: () => signaling.connectionCount,
  });
  opened = rooms;
  // The app first: socket.io then takes its own requests from those that come to the app.
  startApp({ ...context, edge, audit, identities, model, media, transcription, rooms, metrics });
  const signaling = startSignaling({ ...context, edge, audit, identities, rooms });
  await edge.listener.listen({ host: listenHost(settings), port: settings.port });
  closing.defer(() => edge.listener.stop());
  // Ends first of all: everyone is notified and the last words are transcribed while everything still runs.
  closing.defer(() => rooms.close(new ParleyError('SERVER_SHUTTING_DOWN')));
  closing.defer(tellOfRecognizer({ media, rooms, transcription, logger }));

  return new Server({
    settings,
    edge,
    media,
    rooms,
    signaling,
    joinSecret,
    authentication: identities.authenticator.description,
    transcription,
    modelDetail: model.detail,
    closing,
  });
}
