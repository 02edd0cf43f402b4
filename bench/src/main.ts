import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ModeName } from '@parley/media/settings';
import { benchEngine } from './engine/index.js';
import { benchIngest } from './ingest.js';
import { benchLive } from './live/index.js';
import { machineOf } from './machine.js';
import { benchPage } from './page/index.js';
import { type BenchResult, formatTable } from './report.js';
import type { SetUpOptions } from './SetUp.js';
import { benchSeams } from './seams/index.js';
import { benchStabilizer } from './stabilizer/index.js';
import { benchWer } from './wer/index.js';

interface Options {
  json?: string;
  meeting?: string;
  scenarios?: string;
  speakers?: string;
  seconds?: string;
  mode?: string;
  data?: string;
  model?: string;
  language?: string;
  loss?: string;
  runs?: string;
  loads?: string;
  segments?: string;
  streams?: string;
  ctranslate2?: boolean;
  help?: boolean;
}

interface Benchmark {
  what: string;
  /** Options besides `--json`, with a description of each. */
  options: Partial<Record<keyof Options, string>>;
  run: (options: Options) => Promise<BenchResult>;
}

const MODEL = 'MODEL  a name, a file or an address; default: parley-nano, the built-in one';
const MEETING = 'WHAT   people, synthetic or a folder; default: people, with the built-in model synthetic';
const MODE = 'MODE   default: balanced';

const BENCHMARKS: Record<string, Benchmark> = {
  ingest: { what: 'from a datagram to the segmenter, on one core', options: {}, run: () => benchIngest() },
  stabilizer: {
    what: 'what is shown and settled of interim text, against two simpler methods',
    options: {
      scenarios: 'FILE   recorded hypotheses instead of the built-in ones',
      model: 'MODEL  what it answers now instead of recorded hypotheses: a name, a file or an address',
      meeting: MEETING,
      mode: MODE,
    },
    run: ({ scenarios, ...options }) =>
      benchStabilizer({ ...setUpOf(options), ...(scenarios === undefined ? {} : { scenarios }) }),
  },
  live: {
    what: 'people who speak at the pace of life: latencies, work thrown away, errors',
    options: {
      model: MODEL,
      meeting: MEETING,
      speakers: '1,2,4  speakers at once, a row each',
      seconds: 'N      of each row, and the rows alone; default: the whole meeting, then pauses and monologues',
      mode: MODE,
    },
    run: ({ speakers, seconds, ...options }) =>
      benchLive({
        ...setUpOf(options),
        ...(speakers === undefined ? {} : { speakers: speakers.split(',').map(wholeNumber) }),
        ...(seconds === undefined ? {} : { seconds: wholeNumber(seconds) }),
      }),
  },
  seams: {
    what: 'words lost and doubled at the cuts of monologues, without a clock',
    options: {
      model: MODEL,
      meeting: 'WHAT   people or synthetic; default: people, with the built-in model synthetic',
      mode: MODE,
      runs: 'N      times that each monologue is heard, from another word on; default: 10',
    },
    run: ({ runs, ...options }) =>
      benchSeams({ ...setUpOf(options), ...(runs === undefined ? {} : { runs: wholeNumber(runs) }) }),
  },
  engine: {
    what: "the recogniser's engine alone, beside whisper.cpp as it is: times, streams, memory",
    options: {
      model: 'MODEL  a name, a file or an address; default: base-q8_0',
      streams: '1,2,4,8  recordings heard at once, a row each',
      ctranslate2: '       CTranslate2 takes part, too (needs Python 3.11 or newer)',
      runs: 'N      rounds; of the times, the median is reported; default: 5',
    },
    run: ({ model, streams, ctranslate2, runs }) =>
      benchEngine({
        ...(model === undefined ? {} : { model }),
        ...(streams === undefined ? {} : { streams: streams.split(',').map(wholeNumber) }),
        ...(ctranslate2 === undefined ? {} : { cTranslate2: ctranslate2 }),
        ...(runs === undefined ? {} : { runs: wholeNumber(runs) }),
      }),
  },
  page: {
    what: 'the meeting page in Chromium: its first load, and a long transcript that scrolls and grows',
    options: {
      loads: 'N      first loads; default: 7',
      segments: 'N      entries of the long transcript; default: 10000',
    },
    run: ({ loads, segments }) =>
      benchPage({
        ...(loads === undefined ? {} : { loads: wholeNumber(loads) }),
        ...(segments === undefined ? {} : { segments: wholeNumber(segments) }),
      }),
  },
  wer: {
    what: 'word errors of recordings with transcripts, through the whole pipeline and through the bare engine',
    options: {
      model: MODEL,
      meeting: MEETING,
      data: 'DIR    instead of a meeting: name.wav + name.txt, the layout of LibriSpeech, or clips.json',
      mode: MODE,
      language: 'CODE   default: as the mode has it',
      loss: '0,2,5  percent of packets lost, a run each; default: 0',
    },
    run: ({ data, loss, ...options }) =>
      benchWer({
        ...setUpOf(options),
        ...(data === undefined ? {} : { data }),
        ...(loss === undefined ? {} : { lossPercents: loss.split(',').map(percentage) }),
      }),
  },
};

/** Options of all benchmarks with a recogniser. */
function setUpOf({ model, meeting, mode, language }: Options): SetUpOptions {
  return {
    ...(model === undefined ? {} : { model }),
    ...(meeting === undefined ? {} : { meeting }),
    ...(mode === undefined ? {} : { mode: mode as ModeName }),
    ...(language === undefined ? {} : { language }),
  };
}

const HELP = `bench NAME [options]

${Object.entries(BENCHMARKS)
  .map(([name, { what, options }]) => {
    const lines = Object.entries(options).map(([option, takes]) => `\n      --${option.padEnd(10)} ${takes}`);
    return `  ${name.padEnd(12)}${what}${lines.join('')}`;
  })
  .join('\n')}

  --json FILE   write the figures there, too`;

/** `bench NAME [--json FILE]`: runs one benchmark, prints its table, and writes its figures if requested. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      scenarios: { type: 'string' },
      speakers: { type: 'string' },
      seconds: { type: 'string' },
      mode: { type: 'string' },
      data: { type: 'string' },
      model: { type: 'string' },
      meeting: { type: 'string' },
      language: { type: 'string' },
      loss: { type: 'string' },
      runs: { type: 'string' },
      loads: { type: 'string' },
      segments: { type: 'string' },
      streams: { type: 'string' },
      ctranslate2: { type: 'boolean' },
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
  const foreign = Object.keys(values).filter((key) => key !== 'json' && !(key in benchmark.options));
  if (foreign.length > 0) {
    console.error(`"${name}" has no option --${foreign.join(', --')}. See --help.`);
    return 2;
  }
  const machine = machineOf();
  const date = new Date().toISOString();
  const result = await benchmark.run(values);
  const measuredWith = ['model', 'meeting', 'data', 'mode'].flatMap((key) =>
    typeof result.figures[key] === 'string' ? [`${key} ${result.figures[key]}`] : [],
  );
  if (measuredWith.length > 0) console.log(measuredWith.join(', '));
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

function percentage(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 100)) throw new Error(`"${text}" is no percentage.`);
  return value;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
