import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory, detectDevice, ModelStore, type ResolvedModel } from '@parley/media/node';

const BUILT_IN = fileURLToPath(new URL('../../native/models', import.meta.url));

/**
 * Finds a model and keeps it in the cache like a server; prints notes about it.
 * @param spec a name in the catalogue, a file or an address
 * @throws Error if it is not available
 */
export async function resolveModel(spec: string): Promise<ResolvedModel> {
  let told = false;
  const store = new ModelStore({
    directory: join(cacheDirectory(), 'models'),
    builtInDirectory: BUILT_IN,
    onProgress: ({ name }) => {
      if (!told) console.error(`The model ${name} is being fetched ...`);
      told = true;
    },
  });
  const model = await store.resolve(spec, { device: detectDevice() });
  for (const sentence of [model.reason, model.detail]) if (sentence !== undefined) console.error(sentence);
  return model;
}
