import type { ModelStore, ResolvedModel } from '@parley/media/node';
import { inabilitiesOf, languagesOf, MODES, resolveSpeechSettings, standsInFor } from '@parley/media/settings';
import { SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';

/**
 * The model of interim text where it is another than that of finals. One that is asked for by name is taken in every mode; `auto`
 * looks for one only where the mode takes two. It must be able to do what the deployment's settings ask for; where a room or a
 * participant asks for something else, the main model answers for it.
 * @throws ModelError where one was asked for that cannot be had
 * @throws SettingsError where one was asked for by name that cannot stand in for the main one
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
