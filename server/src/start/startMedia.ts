import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalMediaNode, type MediaNode } from '@parley/media/node';
import { resolveSpeechSettings } from '@parley/media/settings';
import { mediaAddresses, mediaTcp } from '../edge/addresses.js';
import type { DeploymentModels } from '../models/deploymentModels.js';
import type { StartContext } from './StartContext.js';

/** Starts the SFU workers, the media workers and the ASR process. @throws SfuError */
export async function startMedia(options: StartContext & { models: DeploymentModels }): Promise<MediaNode> {
  const { settings, models, logger, closing } = options;
  const workerBinary = process.env.PARLEY_MEDIASOUP_WORKER;
  const { sfuWorkers: workers, pipelineWorkers, port } = settings.media;
  // Folder of the ASR process's socket; only accessible to this account.
  const socketDirectory = mkdtempSync(join(tmpdir(), 'parley-'));
  closing.defer(() => rmSync(socketDirectory, { recursive: true, force: true }));
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
      model: models.main,
      ...(models.interim === undefined ? {} : { interimModel: models.interim }),
      device: settings.device,
      engine: settings.engine,
      encoderDirectory: join(settings.cacheDir, 'encoders'),
      socketDirectory,
      ...(settings.lanes === undefined ? {} : { lanes: settings.lanes }),
      ...(settings.threadsPerLane === undefined ? {} : { threadsPerLane: settings.threadsPerLane }),
    },
    ...(models.wakeWord === undefined ? {} : { wakeWord: models.wakeWord }),
    settings: resolveSpeechSettings(settings.mode, settings.speech),
    logger: ({ process: name, source, text }) => logger.warn({ process: name, source }, text),
    onEvent: (event) =>
      event.type === 'workerStarted' ? logger.info(event, 'SFU worker started') : logger.error(event, 'SFU worker'),
  });
  closing.defer(() => media.close());
  return media;
}
