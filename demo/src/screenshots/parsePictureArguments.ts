import { DemoError } from '../DemoError.js';
import { readOptions } from '../readOptions.js';
import { type PicturedMeeting, SCENES } from './scenes.js';

export const USAGE = `Plays a scripted meeting and takes the pictures of the README; this takes a bit more than a minute.

Usage: npm run screenshots -- [options]

  --model MODEL   auto, a name of \`npm run parley -- models list\`, a file, or an address (default: auto)
  --meeting WHAT  people or synthetic (default: what the model understands)
  --help          this text
`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  model: { type: 'string' },
  meeting: { type: 'string' },
} as const;

export interface PictureArguments {
  help: boolean;
  model: string;
  meeting?: PicturedMeeting;
}

/** @throws {DemoError} for arguments that it does not know */
export function parsePictureArguments(args: readonly string[]): PictureArguments {
  const { help = false, model = 'auto', meeting } = readOptions(args, OPTIONS);
  if (model === '') throw new DemoError('--model is empty. See --help.');
  if (meeting !== undefined && !isPictured(meeting)) {
    throw new DemoError(`--meeting takes ${Object.keys(SCENES).join(' or ')}, not ${meeting}.`);
  }
  return { help, model, ...(meeting === undefined ? {} : { meeting }) };
}

function isPictured(meeting: string): meeting is PicturedMeeting {
  return Object.hasOwn(SCENES, meeting);
}
