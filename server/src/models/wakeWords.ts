import { join } from 'node:path';
import type { WakeWordModels, WakeWordStore } from '@parley/media/node';
import type { Settings } from '../config/settings.js';

/** Published wake words on this machine. */
export function wakeWordsDirectory({ cacheDir }: Pick<Settings, 'cacheDir'>): string {
  return join(cacheDir, 'models', 'wake');
}

/**
 * The files for the acoustic wake word detector: published words, downloaded if missing, and the operator's own files.
 * @throws ModelError if a published word is not available
 */
export async function wakeWordsOf(options: {
  store: Pick<WakeWordStore, 'resolve'>;
  settings: Pick<Settings, 'wakeWord'>;
}): Promise<{ wakeWord?: WakeWordModels }> {
  const { models, melModel, embeddingModel, classifierModels } = options.settings.wakeWord;
  if (models.length > 0) {
    const published = await options.store.resolve(models);
    return { wakeWord: { ...published, classifierModels: [...published.classifierModels, ...classifierModels] } };
  }
  return melModel === undefined || embeddingModel === undefined
    ? {}
    : { wakeWord: { melModel, embeddingModel, classifierModels } };
}
