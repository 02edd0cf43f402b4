import {
  type ModeDescription,
  ParleyError,
  type SettingDescription,
  type SettingProblem,
  type SettingsScope,
  type SettingsView,
  type SpeechSettingsPatch,
} from '@parley/client-sdk/protocol';
import {
  inabilitiesOf,
  MODES,
  type ModelProfile,
  type ModeName,
  PERSONAL_SETTINGS,
  resolveSpeechSettings,
  type SpeechOverrides,
  type SpeechSettings,
  speechOverridesSchema,
} from '@parley/media/settings';
import { modeSchema, type Settings } from './settings.js';
import { settingLeaves } from './settingsTree.js';

/** Why a room's change is refused. */
const IS_PERSONAL = 'belongs to each person: in a meeting, people can only change it for themselves';

/** The modes that can currently be chosen. */
export const OFFERED_MODES: readonly ModeDescription[] = Object.entries(MODES)
  .filter(([, mode]) => mode.offered)
  .map(([name, { purpose }]) => ({ name, purpose }));

/** Checks that involve more than one value. */
export function contradictionsOf(settings: SpeechSettings): SettingProblem[] {
  return settings.vadNegativeThreshold > settings.vadThreshold
    ? [{ setting: 'vadNegativeThreshold', problem: 'must not be above vadThreshold' }]
    : [];
}

/**
 * Problems in the speech settings of the deployment and of each room, as sentences. @param problemsOf problems of combined settings, as
 * clauses
 */
export function deploymentProblems(
  settings: Pick<Settings, 'mode' | 'speech' | 'rooms'>,
  problemsOf: (settings: SpeechSettings) => SettingProblem[],
): string[] {
  const layers: { place: string; mode: ModeName; overrides: SpeechOverrides[] }[] = [
    { place: 'speech', mode: settings.mode, overrides: [settings.speech] },
    ...Object.entries(settings.rooms).map(([name, room]) => ({
      place: `rooms.${name}.speech`,
      mode: room.mode ?? settings.mode,
      overrides: [settings.speech, room.speech ?? {}],
    })),
  ];
  const told = new Set<string>();
  return layers.flatMap(({ place, mode, overrides }) =>
    problemsOf(resolveSpeechSettings(mode, ...overrides)).flatMap(({ setting, problem }) => {
      // Problems of the deployment are not repeated for each room.
      const news = `${setting}: ${problem}`;
      if (told.has(news)) return [];
      if (place === 'speech') told.add(news);
      return [`${place}.${news}.`];
    }),
  );
}

/**
 * Validates a change in a running meeting; undefined stands for null. @param scope of whom: a room's change has no personal settings
 * @throws ParleyError `INVALID_SETTINGS` with all problems; values are never repeated
 */
export function checkedPatch(change: SpeechSettingsPatch, scope: SettingsScope): SpeechOverrides {
  // Nobody decides for others whether they are transcribed.
  const refused = scope === 'room' ? Object.keys(change).filter((name) => PERSONAL_SETTINGS.has(name)) : [];
  const settings = Object.fromEntries(
    Object.entries(change).flatMap(([name, value]) => (refused.includes(name) ? [] : [[name, value ?? undefined]])),
  );
  const parsed = speechOverridesSchema.safeParse(settings);
  const problems: SettingProblem[] = refused.map((setting) => ({ setting, problem: IS_PERSONAL }));
  for (const issue of parsed.success ? [] : parsed.error.issues) {
    const places = issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0] ?? '')];
    const problem = issue.code === 'unrecognized_keys' ? 'is not a setting' : messageOf(issue);
    problems.push(...places.map((setting) => ({ setting, problem })));
  }
  if (problems.length > 0) throw invalidSettings(problems);
  return parsed.data ?? {};
}

/** What a change asks for, by name and without values. */
export function namesInChange({
  settings,
  mode,
}: {
  settings: SpeechSettingsPatch;
  mode?: string | undefined;
}): string[] {
  return [...(mode === undefined ? [] : ['mode']), ...Object.keys(settings)];
}

/** @throws ParleyError `INVALID_SETTINGS` */
export function checkedMode(name: string): ModeName {
  const parsed = modeSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  const problem = Object.hasOwn(MODES, name)
    ? (parsed.error.issues[0]?.message ?? 'is not available')
    : `must be one of ${OFFERED_MODES.map((mode) => mode.name).join(', ')}`;
  throw invalidSettings([{ setting: 'mode', problem }]);
}

/** @throws ParleyError `INVALID_SETTINGS`; if all problems are limits of the model, the message says so */
export function refuseImpossible(settings: SpeechSettings, model: ModelProfile): void {
  const contradictions = contradictionsOf(settings);
  const inabilities = inabilitiesOf(model, settings);
  const problems = [...contradictions, ...inabilities.map(({ setting, problem }) => ({ setting, problem }))];
  if (problems.length === 0) return;
  throw invalidSettings(
    problems,
    contradictions.length === 0 ? inabilities.map(({ sentence }) => sentence).join(' ') : undefined,
  );
}

let descriptions: SettingsView['descriptions'] | undefined;

/** Description of each speech setting, for settings pages. */
export function describeSpeechSettings(): SettingsView['descriptions'] {
  descriptions ??= Object.fromEntries(
    settingLeaves()
      .filter(({ path }) => path[0] === 'speech')
      .map((leaf): [string, SettingDescription] => {
        const { integer, minLength: _, ...range } = leaf.range;
        const { description, unit, personal } = leaf.meta;
        return [
          leaf.path[1] ?? '',
          {
            description,
            class: leaf.meta.class,
            ...(personal === undefined ? {} : { personal }),
            ...(unit === undefined ? {} : { unit }),
            type: leaf.type === 'map' ? 'string' : leaf.type === 'number' && integer === true ? 'integer' : leaf.type,
            default: leaf.default as SettingDescription['default'],
            ...(leaf.choices === undefined ? {} : { choices: leaf.choices }),
            ...range,
          },
        ];
      }),
  ) as SettingsView['descriptions'];
  return descriptions;
}

/** @param message default: names the settings */
function invalidSettings(problems: SettingProblem[], message?: string): ParleyError {
  const names = [...new Set(problems.map(({ setting }) => setting))];
  return new ParleyError('INVALID_SETTINGS', {
    message:
      message ?? `These settings are invalid: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and more' : ''}.`,
    details: { settings: problems.slice(0, 32) },
  });
}

/** zod's own message says what is expected and never contains the value. */
function messageOf(issue: { message: string; path: PropertyKey[] }): string {
  const [, index] = issue.path;
  return typeof index === 'number' ? `entry ${index + 1}: ${issue.message}` : issue.message;
}
