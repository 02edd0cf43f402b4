import { join } from 'node:path';
import type { WakeWordModels, WakeWordStore } from '@parley/media/node';
import type { Settings } from '../config/settings.js';

/** Of the published wake words of this machine. */
export function wakeWordsDirectory({ cacheDir }: Pick<Settings, 'cacheDir'>): string {
  return join(cacheDir, 'models', 'wake');
}

/**
 * The files of the detector of wake words by their sound: published words, fetched when missing, and files of one's own.
 * @throws ModelError where a published word cannot be had
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
