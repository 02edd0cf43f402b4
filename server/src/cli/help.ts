import { MODES } from '@parley/media/settings';
import pc from 'picocolors';
import { settingLeaves } from '../config/settingsTree.js';
import { OFFERED_MODES } from '../config/speechSettings.js';

const COMMANDS: [string, string][] = [
  ['start [flags]', 'serve meetings (what `npm start` does)'],
  ['models list', 'models and wake words by name, and which are here'],
  ['models pull NAME', 'download a model, a wake word, or all of these (wake-words)'],
  ['models remove NAME', 'delete what was downloaded'],
  ['models synth', 'write random weights of --shape base, to measure its speed: they know no words'],
  ['keys list', 'API keys of integrators'],
  ['keys create NAME', 'a key that may make room tokens: --rooms (needed), --grants, --days (90)'],
  ['keys revoke ID', 'from now on it is nobody’s'],
  ['settings [--markdown]', 'all settings with their meaning, unit and default'],
  ['modes [--markdown]', 'the modes, what each is for and what it sets'],
];

/** Short help: commands and the flags that people use most. */
export function helpText(): string {
  const common = new Set(['port', 'lan', 'model', 'device', 'mode', 'host', 'tls.enabled', 'media.port']);
  const flags = settingLeaves()
    .filter((leaf) => common.has(leaf.path.join('.')))
    .map((leaf) => row(leaf.flag, `${leaf.meta.description}${defaultOf(leaf)}`));
  return [
    `${pc.bold('parley')} ${pc.dim('live, speaker-attributed transcription of WebRTC meetings')}`,
    '',
    pc.bold('Commands'),
    ...COMMANDS.map(([name, text]) => row(name, text)),
    '',
    pc.bold('Flags of start'),
    ...flags,
    row('--config FILE', 'settings from a YAML file'),
    row('--insecure-http', 'no TLS; browsers then give the microphone on localhost only'),
    '',
    pc.bold('Modes'),
    ...OFFERED_MODES.map(({ name, purpose }) => row(`--mode ${name}`, purpose)),
    '',
    pc.dim('Every setting is a flag, an environment variable and a key of the file: see `parley settings`.'),
    '',
  ].join('\n');
}

/** The whole schema as a table. */
export function settingsText(): string {
  return settingLeaves()
    .map((leaf) =>
      [
        `${pc.bold(leaf.path.join('.'))}  ${pc.dim(`${leaf.flag}  ${leaf.variable}`)}`,
        `    ${leaf.meta.description}${leaf.meta.unit === undefined ? '' : ` [${leaf.meta.unit}]`}${leaf.choices === undefined ? '' : ` (${leaf.choices.join(' | ')})`}${defaultOf(leaf)} ${pc.dim(leaf.meta.class)}`,
      ].join('\n'),
    )
    .join('\n')
    .concat('\n');
}

/** The modes, what each is for, and where it differs from the defaults. */
export function modesText(): string {
  return Object.entries(MODES)
    .map(([name, { purpose, settings, offered }]) =>
      [
        `${pc.bold(name)}  ${purpose}${offered ? '' : pc.dim('  (cannot be chosen yet)')}`,
        ...Object.entries(settings).map(([key, value]) => `    ${key}: ${String(value)}`),
      ].join('\n'),
    )
    .join('\n')
    .concat('\n');
}

function row(name: string, text: string): string {
  return `  ${pc.cyan(name.padEnd(22))} ${text}`;
}

function defaultOf({ default: value }: { default?: unknown }): string {
  if (value === undefined || typeof value === 'object' || value === '') return '';
  return pc.dim(` (default ${String(value)})`);
}
