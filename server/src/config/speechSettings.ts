import {
  type ModeDescription,
  ParleyError,
  type SettingDescription,
  type SettingProblem,
  type SettingsView,
  type SpeechSettingsPatch,
} from '@parley/client-sdk/protocol';
import {
  MODES,
  type ModeName,
  type SpeechOverrides,
  type SpeechSettingName,
  type SpeechSettings,
  speechOverridesSchema,
} from '@parley/media';
import { modeSchema } from './settings.js';
import { settingLeaves } from './settingsTree.js';

/** The modes that people may choose now. */
export const OFFERED_MODES: readonly ModeDescription[] = Object.entries(MODES)
  .filter(([, mode]) => mode.offered)
  .map(([name, { purpose }]) => ({ name, purpose }));

/** What a schema of single values cannot see. */
export function contradictionsOf(settings: SpeechSettings): SettingProblem[] {
  return settings.vadNegativeThreshold > settings.vadThreshold
    ? [{ setting: 'vadNegativeThreshold', problem: 'must not be above vadThreshold' }]
    : [];
}

/**
 * A change that may be made in a running meeting; undefined in place of null.
 * @throws ParleyError `INVALID_SETTINGS` with all that is wrong; values are never repeated
 */
export function checkedPatch(change: SpeechSettingsPatch): SpeechOverrides {
  const settings = Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value ?? undefined]));
  const parsed = speechOverridesSchema.safeParse(settings);
  const problems: SettingProblem[] = [];
  for (const issue of parsed.success ? [] : parsed.error.issues) {
    const places = issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0] ?? '')];
    const problem = issue.code === 'unrecognized_keys' ? 'is not a setting' : messageOf(issue);
    problems.push(...places.map((setting) => ({ setting, problem })));
  }
  const described = describeSpeechSettings();
  for (const name of Object.keys(settings)) {
    if (Object.hasOwn(described, name) && described[name as SpeechSettingName].class !== 'live') {
      problems.push({ setting: name, problem: 'cannot change in the middle of a meeting' });
    }
  }
  if (problems.length > 0) throw invalidSettings(problems);
  return parsed.data ?? {};
}

/** @throws ParleyError `INVALID_SETTINGS` */
export function checkedMode(name: string): ModeName {
  const parsed = modeSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  const problem = Object.hasOwn(MODES, name)
    ? (parsed.error.issues[0]?.message ?? 'cannot be chosen')
    : `is none of ${OFFERED_MODES.map((mode) => mode.name).join(', ')}`;
  throw invalidSettings([{ setting: 'mode', problem }]);
}

/** @throws ParleyError `INVALID_SETTINGS` */
export function refuseContradictions(settings: SpeechSettings): void {
  const problems = contradictionsOf(settings);
  if (problems.length > 0) throw invalidSettings(problems);
}

let descriptions: SettingsView['descriptions'] | undefined;

/** What a settings page has to know of each speech setting. */
export function describeSpeechSettings(): SettingsView['descriptions'] {
  descriptions ??= Object.fromEntries(
    settingLeaves()
      .filter(({ path }) => path[0] === 'speech')
      .map((leaf): [string, SettingDescription] => {
        const { integer, minLength: _, ...range } = leaf.range;
        const { description, unit } = leaf.meta;
        return [
          leaf.path[1] ?? '',
          {
            description,
            class: leaf.meta.class,
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

function invalidSettings(problems: SettingProblem[]): ParleyError {
  const names = [...new Set(problems.map(({ setting }) => setting))];
  return new ParleyError('INVALID_SETTINGS', {
    message: `These settings cannot be taken: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and more' : ''}.`,
    details: { settings: problems.slice(0, 32) },
  });
}

/** zod's own message, which says what is expected and never what was given. */
function messageOf(issue: { message: string; path: PropertyKey[] }): string {
  const [, index] = issue.path;
  return typeof index === 'number' ? `entry ${index + 1}: ${issue.message}` : issue.message;
}
