import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchIngest } from './ingest.js';
import { machineOf } from './machine.js';
import { type BenchResult, formatTable } from './report.js';

const BENCHMARKS: Record<string, () => Promise<BenchResult>> = {
  ingest: benchIngest,
};

/** `bench NAME [--json FILE]`: runs one benchmark, prints its table, and writes its figures where asked to. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
  const [name] = positionals;
  const benchmark = name === undefined ? undefined : BENCHMARKS[name];
  if (name === undefined || benchmark === undefined) {
    const names = Object.keys(BENCHMARKS).join(', ');
    console.error(
      `${name === undefined ? 'Which benchmark?' : `There is no benchmark "${name}".`} There are: ${names}`,
    );
    return 2;
  }
  const machine = machineOf();
  const date = new Date().toISOString();
  const result = await benchmark();
  console.log(`${name}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${date}\n`);
  console.log(formatTable(result.table));
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ benchmark: name, date, machine, ...result.figures }, null, 2)}\n`);
  }
  return 0;
}

process.exitCode = await main();
