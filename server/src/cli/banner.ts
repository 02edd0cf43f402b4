import type { ModelSource } from '@parley/media/node';
import { MODES, PUBLISHED_WAKE_WORDS, WAKE_WORD_LICENCE } from '@parley/media/settings';
import pc from 'picocolors';
import { toString as qrCode } from 'qrcode';
import type { Server } from '../start/Server.js';
import { sourceText } from './modelsText.js';

/** Everything that the operator must know after the start: addresses, model, sign-in. */
export async function bannerText(server: Server): Promise<string> {
  const { settings, transcription, networkUrls, joinSecret } = server;
  const { model, interimModel, engine, state, reason } = transcription;
  const lines = [
    '',
    `  ${pc.bold(pc.green('Parley is ready'))}`,
    '',
    row('Address', pc.bold(pc.cyan(server.url))),
    ...networkUrls.map((url) => row('On the network', pc.cyan(url))),
    row('Mode', `${settings.mode}  ${pc.dim(MODES[settings.mode].purpose)}`),
    row(
      'Engine',
      state === 'ready' ? engine.name : state === 'starting' ? pc.yellow('the model is being loaded') : pc.red('none'),
    ),
    row(
      'Device',
      engine.device === 'none' ? pc.red('none') : `${engine.device.toUpperCase()}  ${pc.dim(engine.deviceName)}`,
    ),
    row('Model', `${model.name}${model.demo ? pc.yellow('  (built-in demo model)') : originOf(model.source)}`),
    ...(interimModel === undefined ? [] : [row('Interim model', interimModel)]),
    ...wakeWordRow(settings.wakeWord.models),
    row('Authentication', server.authentication),
  ];
  const { fingerprints } = server;
  if (fingerprints !== undefined) {
    lines.push(row('Certificate', `made by this server; SHA-256 ${fingerprints.certificate}`));
  }
  if (joinSecret !== undefined) lines.push(row('Join secret', pc.bold(joinSecret)));
  if (model.demo) {
    lines.push(
      '',
      ...box([
        'DEMO MODEL: it understands only a few synthetic voices, not people.',
        'Real voices come out as confident nonsense. For real use:',
        'npm start -- --model base-q8_0   (or any name of: npm run parley -- models list)',
      ]),
    );
  }
  if (process.getuid?.() === 0) {
    lines.push(
      '',
      `  ${pc.yellow('!')} Runs as root. For anything but a trial, use an account of its own: see deploy/README.md.`,
    );
  }
  if (reason !== undefined) lines.push('', `  ${pc.yellow('!')} ${reason}`);
  if (server.modelDetail !== undefined) lines.push(`    ${pc.dim(server.modelDetail)}`);
  const [phoneUrl] = networkUrls;
  if (settings.lan && phoneUrl !== undefined && joinSecret !== undefined) {
    const address = `${phoneUrl}/#secret=${joinSecret}`;
    const code = await qrCode(address, { type: 'terminal', small: true });
    lines.push('', code.trimEnd().replaceAll(/^/gm, '  '), `  ${pc.dim('Scan to join:')} ${address}`);
    if (fingerprints !== undefined) lines.push('', ...phoneHelp({ url: phoneUrl, authority: fingerprints.authority }));
  }
  lines.push('', `  ${pc.dim('Press Ctrl-C to stop the server and all its processes.')}`, '');
  return lines.join('\n');
}

/** The warning that a phone shows for an unknown certificate, and how to go on, the harmless way first. */
function phoneHelp({ url, authority }: { url: string; authority: string }): string[] {
  return [
    `  ${pc.bold('On a phone')} the browser first warns that the connection is not private: this machine created the certificate for`,
    '  development. Choose "Advanced" and continue; the certificate that the browser shows has the fingerprint above.',
    '  To see no warning, you can install its authority instead, which vouches for this server and for no other site:',
    `    1. open ${pc.cyan(`${url}/ca.crt`)} on the phone and save the file; its SHA-256 is`,
    `       ${authority}`,
    '    2. Android: Settings > Security > Install a certificate > CA certificate',
    '       iPhone: Settings > Profile downloaded > Install; then General > About > Certificate Trust Settings',
    '    3. remove it when you are done',
  ];
}

/** @param source absent if the server does not know it */
function originOf(source: ModelSource | undefined): string {
  return source === undefined ? '' : `  ${pc.dim(sourceText(source))}`;
}

/** Published wake words have a licence that the operator must see. */
function wakeWordRow(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const { name, condition } = WAKE_WORD_LICENCE;
  const phrases = PUBLISHED_WAKE_WORDS.filter((word) => names.includes(word.name)).map(({ phrase }) => phrase);
  return [row('Wake words', `${phrases.join(', ')}${pc.yellow(`  (${name}: ${condition})`)}`)];
}

function row(name: string, value: string): string {
  return `  ${pc.dim(name.padEnd(15))} ${value}`;
}

function box(text: string[]): string[] {
  const width = Math.max(...text.map((line) => line.length));
  return [
    `  ${pc.yellow(`┏${'━'.repeat(width + 2)}┓`)}`,
    ...text.map((line) => `  ${pc.yellow('┃')} ${line.padEnd(width)} ${pc.yellow('┃')}`),
    `  ${pc.yellow(`┗${'━'.repeat(width + 2)}┛`)}`,
  ];
}
