import { DemoError } from './DemoError.js';
import { readOptions } from './readOptions.js';

export const USAGE = `Plays a scripted meeting with real browsers, shows the captions as they come, and scores them against the script.

Usage: npm run demo -- [options]

  --model MODEL   auto, a name of \`npm run parley -- models list\`, a file, or an address; parley-nano is the built-in one
                  (default: auto, a published model where there is one or it can be downloaded)
  --meeting WHAT  people: recordings of people; synthetic: the voices that the built-in model knows; or a folder with
                  meeting.json and a track for every speaker (default: what the model understands)
  --json FILE     write the score to a file
  --server URL    play on a server that runs already, instead of one started for the demo; PARLEY_JOIN_SECRET is its join secret
  --keep          leave the demo's server up afterwards, until Ctrl-C
  --help          this text

The browser is Chromium or Chrome; PARLEY_CHROMIUM names one that is not found by itself.
Exit code: 0 when the transcript is as good as required of the model, 1 when it is not or something went wrong.
`;

const DEFAULT_MODEL = 'auto';

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  keep: { type: 'boolean' },
  model: { type: 'string' },
  meeting: { type: 'string' },
  json: { type: 'string' },
  server: { type: 'string' },
} as const;

export interface DemoArguments {
  help: boolean;
  keep: boolean;
  /** As the server's setting of that name takes it. */
  model: string;
  /** `people`, `synthetic` or a folder; without it the model decides. */
  meeting?: string;
  jsonFile?: string;
  serverUrl?: string;
  joinSecret?: string;
}

/**
 * @param environment where the join secret is: every account on a machine can read arguments
 * @throws {DemoError} for arguments that the demo does not know or that do not go together
 */
export function parseArguments(
  args: readonly string[],
  environment: Record<string, string | undefined> = {},
): DemoArguments {
  const values = readOptions(args, OPTIONS);
  const { PARLEY_JOIN_SECRET: joinSecret } = environment;
  for (const option of ['model', 'meeting'] as const) {
    if (values[option] === '') throw new DemoError(`--${option} is empty. See --help.`);
  }
  if (values.server !== undefined) {
    if (values.keep === true)
      throw new DemoError('--keep cannot be combined with --server: it applies to the server that the demo starts.');
    if (values.model !== undefined) {
      throw new DemoError('--model cannot be combined with --server: it applies to the server that the demo starts.');
    }
    if (!URL.canParse(values.server) || !/^https?:$/.test(new URL(values.server).protocol)) {
      throw new DemoError(`--server takes an address such as https://localhost:8443, not ${values.server}.`);
    }
  }
  return {
    help: values.help ?? false,
    keep: values.keep ?? false,
    model: values.model ?? DEFAULT_MODEL,
    ...(values.meeting === undefined ? {} : { meeting: values.meeting }),
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
    ...(values.server === undefined ? {} : { serverUrl: values.server }),
    ...(values.server === undefined || joinSecret === undefined ? {} : { joinSecret }),
  };
}
