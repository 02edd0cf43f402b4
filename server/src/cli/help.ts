import { MODES } from '@parley/media/settings';
import pc from 'picocolors';
import { settingLeaves } from '../config/settingsTree.js';
import { OFFERED_MODES } from '../config/speechSettings.js';

const COMMANDS: [string, string][] = [
  ['start [flags]', 'serve meetings (what `npm start` does)'],
  ['transcribe FILE...', 'transcribe recordings of any format: --format txt | vtt | srt | json, --together, ...'],
  ['models list', 'list models and wake words, and which are on this machine'],
  ['models pull NAME', 'download a model or a wake word (wake-words: all of them)'],
  ['models remove NAME', 'delete a downloaded model or wake word'],
  ['models synth', 'write a model with random weights (--shape base), for measuring speed'],
  ['keys list', 'list API keys'],
  ['keys create NAME', 'create a key for room tokens: --rooms (required), --grants, --days (90)'],
  ['keys revoke ID', 'revoke a key; --tokens: also the room tokens made with it'],
  ['keys revoke-tokens ID', "end all room tokens of a key, or with a token's id one"],
  ['settings [--markdown]', 'list all settings with meaning, unit and default'],
  ['modes [--markdown]', 'list the modes with purpose and values'],
];

/** Short help: commands and the most used flags. */
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
    row('--insecure-http', 'no TLS; browsers then allow the microphone on localhost only'),
    '',
    pc.bold('Modes'),
    ...OFFERED_MODES.map(({ name, purpose }) => row(`--mode ${name}`, purpose)),
    '',
    pc.dim('Every setting is a flag, an environment variable and a key in the file; see `parley settings`.'),
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

/** The modes, the purpose of each, and its differences from the defaults. */
export function modesText(): string {
  return Object.entries(MODES)
    .map(([name, { purpose, settings, offered }]) =>
      [
        `${pc.bold(name)}  ${purpose}${offered ? '' : pc.dim('  (not available yet)')}`,
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
