import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addonFolder, LocalMediaNode, type MediaNode } from '@parley/media/node';
import { resolveSpeechSettings } from '@parley/media/settings';
import { mediaAddresses, mediaTcp } from '../edge/addresses.js';
import type { DeploymentModels } from '../models/deploymentModels.js';
import { childRights } from './childRights.js';
import type { StartContext } from './StartContext.js';

/** Starts the SFU workers, the media workers and the ASR process. @throws SfuError, StartError `ACCOUNT_UNUSABLE` */
export async function startMedia(options: StartContext & { models: DeploymentModels }): Promise<MediaNode> {
  const { settings, models, logger, closing } = options;
  const workerBinary = process.env.PARLEY_MEDIASOUP_WORKER;
  const { sfuWorkers: workers, pipelineWorkers, port } = settings.media;
  const rights = await childRights({ account: settings.accounts.children, logger });
  // Folder of the ASR process's socket; only accessible to its account.
  const socketDirectory = mkdtempSync(join(tmpdir(), 'parley-'));
  closing.defer(() => {
    rights.takeBack(socketDirectory);
    rmSync(socketDirectory, { recursive: true, force: true });
  });
  rights.giveAway(socketDirectory);
  const encoderDirectory = join(settings.cacheDir, rights.folderName('encoders'));
  rights.giveAway(encoderDirectory);
  const { main, interim, wakeWord } = models;
  await rights.check([
    socketDirectory,
    encoderDirectory,
    ...[workerBinary, addonFolder(), main.path, interim?.path].filter((path) => path !== undefined),
    ...(wakeWord === undefined ? [] : [wakeWord.melModel, wakeWord.embeddingModel, ...wakeWord.classifierModels]),
  ]);
  const media = await LocalMediaNode.create({
    sfu: {
      addresses: mediaAddresses(settings),
      tcp: mediaTcp(settings),
      port,
      ...(workerBinary === undefined ? {} : { workerBinary }),
      ...(workers === undefined ? {} : { workers }),
    },
    pipelineWorkers,
    recognizer: {
      model: main,
      ...(interim === undefined ? {} : { interimModel: interim }),
      device: settings.device,
      engine: settings.engine,
      encoderDirectory,
      socketDirectory,
      ...(settings.lanes === undefined ? {} : { lanes: settings.lanes }),
      ...(settings.threadsPerLane === undefined ? {} : { threadsPerLane: settings.threadsPerLane }),
    },
    ...(wakeWord === undefined ? {} : { wakeWord }),
    launcher: rights.launcher,
    settings: resolveSpeechSettings(settings.mode, settings.speech),
    logger: ({ process: name, source, text }) => logger.warn({ process: name, source }, text),
    onEvent: (event) =>
      event.type === 'workerStarted' ? logger.info(event, 'SFU worker started') : logger.error(event, 'SFU worker'),
  });
  closing.defer(() => media.close());
  return media;
}
