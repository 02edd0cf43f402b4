import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ModeName } from '@parley/media';
import { benchIngest } from './ingest.js';
import { benchLive } from './live/index.js';
import { machineOf } from './machine.js';
import { type BenchResult, formatTable } from './report.js';
import { benchStabilizer } from './stabilizer/index.js';

interface Options {
  json?: string;
  scenarios?: string;
  speakers?: string;
  seconds?: string;
  mode?: string;
  help?: boolean;
}

interface Benchmark {
  what: string;
  /** Beside `--json`. */
  options: (keyof Options)[];
  run: (options: Options) => Promise<BenchResult>;
}

const BENCHMARKS: Record<string, Benchmark> = {
  ingest: { what: 'from a datagram to the segmenter, on one core', options: [], run: () => benchIngest() },
  stabilizer: {
    what: 'what is shown and settled of interim text, against two simpler methods',
    options: ['scenarios'],
    run: ({ scenarios }) => benchStabilizer(scenarios === undefined ? {} : { scenarios }),
  },
  live: {
    what: 'people who speak at the pace of life: latencies, work thrown away, errors',
    options: ['speakers', 'seconds', 'mode'],
    run: ({ speakers, seconds, mode }) =>
      benchLive({
        ...(speakers === undefined ? {} : { speakers: speakers.split(',').map(wholeNumber) }),
        ...(seconds === undefined ? {} : { seconds: wholeNumber(seconds) }),
        ...(mode === undefined ? {} : { mode: mode as ModeName }),
      }),
  },
};

const HELP = `bench NAME [options]

${Object.entries(BENCHMARKS)
  .map(
    ([name, { what, options }]) =>
      `  ${name.padEnd(12)}${what}${options.map((option) => `\n${' '.repeat(14)}--${option}`).join('')}`,
  )
  .join('\n')}

  --json FILE   write the figures there, too`;

/** `bench NAME [--json FILE]`: runs one benchmark, prints its table, and writes its figures where asked to. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      scenarios: { type: 'string' },
      speakers: { type: 'string' },
      seconds: { type: 'string' },
      mode: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const [name] = positionals;
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const benchmark = name === undefined ? undefined : BENCHMARKS[name];
  if (name === undefined || benchmark === undefined) {
    const names = Object.keys(BENCHMARKS).join(', ');
    console.error(
      `${name === undefined ? 'Which benchmark?' : `There is no benchmark "${name}".`} There are: ${names}`,
    );
    return 2;
  }
  const foreign = Object.keys(values).filter(
    (key) => key !== 'json' && !benchmark.options.includes(key as keyof Options),
  );
  if (foreign.length > 0) {
    console.error(`"${name}" has no option --${foreign.join(', --')}. See --help.`);
    return 2;
  }
  const machine = machineOf();
  const date = new Date().toISOString();
  const result = await benchmark.run(values);
  console.log(`${name}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${date}\n`);
  console.log(formatTable(result.table));
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ benchmark: name, date, machine, ...result.figures }, null, 2)}\n`);
  }
  return 0;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is no whole number above 0.`);
  return value;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
