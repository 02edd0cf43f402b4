import { MODES, resolveSpeechSettings, speechSettingsSchema } from '@parley/media/settings';
import { type SettingLeaf, settingLeaves } from './settingsTree.js';

/** The tables of `docs/settings.md`: one for the server, one for speech. `parley settings --markdown` prints them; a test compares. */
export function settingsTables(): string {
  const leaves = settingLeaves();
  const isSpeech = (leaf: SettingLeaf) => leaf.path[0] === 'speech';
  return [
    '### The server',
    '',
    ...table(leaves.filter((leaf) => !isSpeech(leaf))),
    '',
    '### Speech',
    '',
    ...table(leaves.filter(isSpeech)),
    '',
  ].join('\n');
}

/** The table of `docs/modes.md`: every setting that differs from the schema's default in some mode. */
export function modesTable(): string {
  const names = Object.keys(MODES) as (keyof typeof MODES)[];
  const defaults = speechSettingsSchema.parse({});
  const resolved = names.map((name) => resolveSpeechSettings(name));
  const keys = (Object.keys(defaults) as (keyof typeof defaults)[]).filter((key) =>
    resolved.some((settings) => JSON.stringify(settings[key]) !== JSON.stringify(defaults[key])),
  );
  const units = new Map(settingLeaves().map(({ path, meta }) => [path.join('.'), meta.unit]));
  const rows = keys.map((key) => {
    const unit = units.get(`speech.${key}`);
    const cells = resolved.map((settings) => {
      const value = shown(settings[key]);
      return JSON.stringify(settings[key]) === JSON.stringify(defaults[key]) ? value : `**${value}**`;
    });
    return `| \`${key}\`${unit === undefined ? '' : ` (${unit})`} | ${cells.join(' | ')} |`;
  });
  return [
    `| | ${names.map((name) => `\`${name}\``).join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...rows,
    `| separate interim model, if there is one | ${names.map((name) => yesOrNo(MODES[name].separateInterimModel)).join(' | ')} |`,
    `| model \`auto\`: small one, also on a GPU | ${names.map((name) => yesOrNo(MODES[name].smallModel)).join(' | ')} |`,
    `| available | ${names.map((name) => yesOrNo(MODES[name].offered)).join(' | ')} |`,
    '',
  ].join('\n');
}

function table(leaves: readonly SettingLeaf[]): string[] {
  return [
    '| setting | meaning | default | range | class | flag, variable |',
    '|---|---|---|---|---|---|',
    ...leaves.map((leaf) => {
      const { path, meta, flag, variable, fileVariable, type } = leaf;
      const unit = meta.unit === undefined ? '' : ` (${meta.unit})`;
      const ways =
        type === 'map'
          ? 'file only'
          : [flag, variable, fileVariable]
              .filter((way) => way !== undefined)
              .map((way) => `\`${way}\``)
              .join('<br>');
      return `| \`${path.join('.')}\` | ${escaped(meta.description)}${unit} | ${defaultOf(leaf)} | ${rangeOf(leaf)} | ${meta.class}${meta.personal === true ? ', personal' : ''} | ${ways} |`;
    }),
  ];
}

function defaultOf({ meta, default: value }: SettingLeaf): string {
  if (meta.shownDefault !== undefined) return `\`${meta.shownDefault}\``;
  return value === undefined ? '' : shown(value);
}

function rangeOf({ type, choices, range }: SettingLeaf): string {
  const { min, max, minLength, maxLength, maxItems, integer } = range;
  if (choices !== undefined) {
    const each = choices.map((choice) => `\`${choice}\``).join(', ');
    return type === 'list' ? `any of ${each}` : each;
  }
  if (type === 'boolean') return 'yes, no';
  if (type === 'map') return 'a map by room name';
  if (type === 'number') return `${min ?? ''} to ${max ?? ''}${integer === true ? '' : ', fractions too'}`;
  const length =
    maxLength === undefined ? '' : `${minLength === undefined ? 'up' : minLength} to ${maxLength} characters`;
  if (type === 'string') return length;
  const items = maxItems === undefined ? 'a list' : `up to ${maxItems}`;
  return length === '' ? items : `${items}, each ${length}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ');
  if (typeof value === 'boolean') return yesOrNo(value);
  if (typeof value === 'object') return 'none';
  return value === '' ? 'empty' : `\`${String(value)}\``;
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
