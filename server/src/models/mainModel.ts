import type { ModelStore, ResolvedModel } from '@parley/media/node';
import { inabilitiesOf, MODES } from '@parley/media/settings';
import { SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';
import { deploymentProblems } from '../config/speechSettings.js';

/**
 * The model for finals, and for interims if there is no other. A model chosen by name is used in every mode; `auto` depends on the device,
 * or is the small model if the mode requires that.
 * @throws ModelError if a model chosen by name is not available
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
 * Checks that this model supports the settings of the deployment and its rooms.
 * @throws SettingsError with all problems, and the reason if the model is not the preferred one
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
