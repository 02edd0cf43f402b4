import { MODES, type ModelStore, type ResolvedModel } from '@parley/media';
import type { Settings } from '../config/settings.js';

/**
 * The model of finals, and of interims where there is no other. One that is asked for by name is taken in every mode; `auto` takes
 * what the device carries, or the small one where the mode promises that.
 * @throws ModelError where one was asked for that cannot be had
 */
export function mainModelOf(options: {
  store: Pick<ModelStore, 'resolve'>;
  settings: Pick<Settings, 'model' | 'mode'>;
  device: 'cpu' | 'cuda';
}): Promise<ResolvedModel> {
  const { store, settings, device } = options;
  return store.resolve(settings.model, { device, small: MODES[settings.mode].smallModel });
}
