import type { ListedWakeWord } from '@parley/media/node';
import {
  ALL_WAKE_WORDS,
  findPublishedWakeWord,
  WAKE_WORD_LICENCE,
  WAKE_WORD_NAMES,
  WAKE_WORD_PACKAGE,
} from '@parley/media/settings';
import pc from 'picocolors';

/** Whether a name on the command line refers to wake words and not to a Whisper model. */
export function meansWakeWords(name: string): boolean {
  return name === ALL_WAKE_WORDS || findPublishedWakeWord(name) !== undefined;
}

/** Lines of `parley models list`. */
export function wakeWordLines(words: readonly ListedWakeWord[]): string[] {
  const { name: licence, condition, address } = WAKE_WORD_LICENCE;
  return [
    '',
    `Wake words ${pc.yellow(`(${licence}: ${condition}; ${address})`)}`,
    ...words.map(({ name, phrase, megabytes, present }) =>
      [
        present ? pc.green('●') : pc.dim('○'),
        name.padEnd(24),
        `${megabytes.toFixed(1)} MB`.padStart(9),
        pc.dim(` "${phrase}"`),
      ].join(' '),
    ),
    '',
  ];
}

/** Source and licence, to be read before the download. */
export function wakeWordsOrigin(): string {
  const { name: licence, condition, address } = WAKE_WORD_LICENCE;
  return (
    `Wake words are from the Python package ${WAKE_WORD_PACKAGE.name} ${WAKE_WORD_PACKAGE.version}.\n` +
    `Licence of the models: ${pc.yellow(`${licence}, ${condition}`)} (${address})\n`
  );
}

/** @param options.fetched whether it was downloaded just now */
export function wakeWordsPulled(name: string, options: { directory: string; fetched: boolean }): string {
  const names = name === ALL_WAKE_WORDS ? WAKE_WORD_NAMES.join(',') : name;
  return (
    `${pc.green('✓')} ${name === ALL_WAKE_WORDS ? 'all wake words are' : `${name} is`} ${options.fetched ? '' : 'already '}in ${options.directory}\n` +
    `  npm start -- --wake-word-models ${names}\n`
  );
}

/** End of the message about an unknown name. */
export function wakeWordNames(): string {
  return `Wake words are: ${WAKE_WORD_NAMES.join(', ')}, or ${ALL_WAKE_WORDS} for all of them.`;
}
