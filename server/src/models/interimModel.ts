import type { ModelStore, ResolvedModel } from '@parley/media/node';
import { inabilitiesOf, languagesOf, MODES, resolveSpeechSettings, standsInFor } from '@parley/media/settings';
import { SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';

/**
 * The model for interims, if different from that for finals. A model chosen by name is used in every mode; `auto` only looks for one in
 * modes with two models. It must support the deployment's settings; if a room or participant needs something else, the main model is used
 * for them.
 * @throws ModelError if a model chosen by name is not available
 * @throws SettingsError if a model chosen by name cannot replace the main one
 */
export async function interimModelOf(options: {
  store: Pick<ModelStore, 'resolveInterim'>;
  settings: Pick<Settings, 'interimModel' | 'mode' | 'speech'>;
  device: 'cpu' | 'cuda';
  model: ResolvedModel;
}): Promise<ResolvedModel | undefined> {
  const { store, settings, device, model } = options;
  const named = settings.interimModel !== 'auto';
  if (!named && !MODES[settings.mode].separateInterimModel) return undefined;
  const found = await store.resolveInterim(settings.interimModel, { device, main: model });
  if (found === undefined) return undefined;
  const wish = resolveSpeechSettings(settings.mode, settings.speech);
  const interim = found.profile;
  const main = model.profile;
  if (standsInFor({ interim, main, wish })) return found;
  if (!named) return undefined;
  const [inability] = inabilitiesOf(interim, wish);
  const why =
    inability?.sentence ??
    `The model ${interim.name} only knows ${languagesOf(interim).join(', ')}, but ${main.name} detects more languages.`;
  const remedy = `Use another model, or same, or set speech.language to a language that both know.`;
  throw new SettingsError([`interimModel: ${why} ${remedy}`]);
}
