import { join } from 'node:path';
import {
  detectDevice,
  ModelStore,
  type ModelStoreOptions,
  type ResolvedModel,
  type WakeWordModels,
  WakeWordStore,
} from '@parley/media/node';
import type { Settings } from '../config/settings.js';
import { BUILT_IN_MODELS } from './builtInModels.js';
import { interimModelOf } from './interimModel.js';
import { mainModelOf, refuseInabilities } from './mainModel.js';
import { wakeWordsDirectory, wakeWordsOf } from './wakeWords.js';

/** The models of a deployment, with their files on this machine. */
export interface DeploymentModels {
  /** For finals, and for interims if there is no other model. */
  main: ResolvedModel;
  interim: ResolvedModel | undefined;
  wakeWord: WakeWordModels | undefined;
}

export interface DeploymentModelsOptions {
  settings: Settings;
  /** Progress of a model's download. */
  onProgress?: ModelStoreOptions['onProgress'] | undefined;
  /** Aborts downloads. */
  signal?: AbortSignal | undefined;
}

/**
 * Resolves the configured models, and downloads missing ones.
 * @throws ModelError if a model is not available; SettingsError if the settings require something that a model cannot do
 */
export async function deploymentModels(options: DeploymentModelsOptions): Promise<DeploymentModels> {
  const { settings, onProgress, signal } = options;
  const fetching = { ...(onProgress === undefined ? {} : { onProgress }), ...(signal === undefined ? {} : { signal }) };
  const store = new ModelStore({
    directory: join(settings.cacheDir, 'models'),
    builtInDirectory: BUILT_IN_MODELS,
    ...(settings.modelBaseUrl === undefined ? {} : { baseUrl: settings.modelBaseUrl }),
    ...fetching,
  });
  const device = settings.device === 'auto' ? detectDevice() : settings.device;
  const main = await mainModelOf({ store, settings, device });
  refuseInabilities({ settings, model: main });
  const interim = await interimModelOf({ store, settings, device, model: main });
  const { wakeWord } = await wakeWordsOf({
    store: new WakeWordStore({ directory: wakeWordsDirectory(settings), ...fetching }),
    settings,
  });
  return { main, interim, wakeWord };
}
