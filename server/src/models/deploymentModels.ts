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

/** The models of one deployment, each with its file on this machine. */
export interface DeploymentModels {
  /** Of finals, and of interims where there is no other. */
  main: ResolvedModel;
  interim: ResolvedModel | undefined;
  wakeWord: WakeWordModels | undefined;
}

export interface DeploymentModelsOptions {
  settings: Settings;
  /** Of a model that is being downloaded. */
  onProgress?: ModelStoreOptions['onProgress'] | undefined;
  /** Gives up while models are fetched. */
  signal?: AbortSignal | undefined;
}

/**
 * What the settings ask for, fetched when it is missing.
 * @throws ModelError where a model cannot be had; SettingsError where the settings ask a model for what it cannot do
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
