import { MODES, type ModelStore, type ResolvedModel } from '@parley/media';
import type { Settings } from '../config/settings.js';

/**
 * The model of interim text where it is another than that of finals. One that is asked for by name is taken in every mode; `auto`
 * looks for one only where the mode takes two.
 * @throws ModelError where one was asked for that cannot be had
 */
export async function interimModelOf(options: {
  store: Pick<ModelStore, 'resolveInterim'>;
  settings: Pick<Settings, 'interimModel' | 'mode'>;
  device: 'cpu' | 'cuda';
  model: ResolvedModel;
}): Promise<ResolvedModel | undefined> {
  const { store, settings, device, model } = options;
  if (settings.interimModel === 'auto' && !MODES[settings.mode].separateInterimModel) return undefined;
  return await store.resolveInterim(settings.interimModel, { device, main: model });
}
