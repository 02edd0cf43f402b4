import type { ModelStore, ResolvedModel } from '@parley/media/node';
import { inabilitiesOf, MODES } from '@parley/media/settings';
import { SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';
import { deploymentProblems } from '../config/speechSettings.js';

/**
 * The model of finals, and of interims where there is no other. One that is asked for by name is taken in every mode; `auto` takes
 * what the device carries, or the small one where the mode promises that.
 * @throws ModelError where one was asked for that cannot be had
 */
export function mainModelOf(options: {
  store: Pick<ModelStore, 'resolve'>;
  settings: Pick<Settings, 'model' | 'modelSha256' | 'mode'>;
  device: 'cpu' | 'cuda';
}): Promise<ResolvedModel> {
  const { store, settings, device } = options;
  const { model, modelSha256: sha256, mode } = settings;
  return store.resolve(model, {
    device,
    small: MODES[mode].smallModel,
    ...(sha256 === undefined ? {} : { sha256 }),
  });
}

/**
 * Settings, of the deployment and of its rooms, that this model cannot follow.
 * @throws SettingsError with all of them, and why the model is not the one that was meant
 */
export function refuseInabilities(options: {
  settings: Pick<Settings, 'mode' | 'speech' | 'rooms'>;
  model: Pick<ResolvedModel, 'profile' | 'reason' | 'detail'>;
}): void {
  const { settings, model } = options;
  const problems = deploymentProblems(settings, (speech) =>
    inabilitiesOf(model.profile, speech).map(({ setting, sentence }) => ({
      setting,
      problem: sentence.replace(/\.$/, ''),
    })),
  );
  if (problems.length === 0) return;
  throw new SettingsError([...problems, ...[model.reason, model.detail].filter((text) => text !== undefined)]);
}
