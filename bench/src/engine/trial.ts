import type { Contestant, Plan } from './contestants.js';
import { measureManyAtOnce, measureUtterance } from './measure.js';
import type { BenchRecordings } from './recordings.js';

/** Runs of each setting with each plan. */
const RUNS = 3;

/** The time of a setting. */
export interface TrialTime {
  lanes: number;
  threads: number;
  name: string;
  /** With one lane: for the utterance. */
  utteranceMs?: number;
  /** With several: for all recordings, per second of audio. A setting that is quick with one of them may get stuck in another. */
  realTimeFactor?: number;
}

/**
 * Finds the quickest of whisper.cpp's settings for each plan. Only that one is measured with the plan, because the quickest on one thread
 * may not be so on two, or with many streams.
 * @param options.contestants all of them
 */
export async function tryWhisper(options: {
  contestants: readonly Contestant[];
  recordings: Pick<BenchRecordings, 'utterance' | 'all'>;
  cores: number;
  plans: readonly Plan[];
}): Promise<{ times: TrialTime[]; takingPart: (plan: Plan) => Contestant[] }> {
  const { contestants, recordings, cores } = options;
  const settings = contestants.filter(({ maker }) => maker === 'whispercpp');
  const times: TrialTime[] = [];
  const quickest = new Map<string, Contestant | undefined>();
  for (const plan of options.plans) {
    const { lanes, threads } = plan;
    if (quickest.has(keyOf(plan))) continue;
    const took =
      lanes === 1
        ? await measureUtterance({ contestants: settings, utterance: recordings.utterance, plan, runs: RUNS })
        : (
            await measureManyAtOnce({
              ...{ contestants: settings, recordings: recordings.all },
              ...{ streams: plan.streams, cores, runs: 1 },
            })
          ).map(({ realTimeFactor }) => realTimeFactor);
    quickest.set(keyOf(plan), settings[took.indexOf(Math.min(...took))]);
    const measure = lanes === 1 ? 'utteranceMs' : 'realTimeFactor';
    times.push(...settings.map(({ name }, index) => ({ lanes, threads, name, [measure]: took[index] ?? Number.NaN })));
  }
  const takingPart = (plan: Plan) =>
    contestants.filter((each) => each.maker !== 'whispercpp' || each === quickest.get(keyOf(plan)));
  return { times, takingPart };
}

/** The number of streams makes no difference to whisper.cpp: it takes one recording per lane. */
function keyOf({ lanes, threads }: Plan): string {
  return `${lanes} x ${threads}`;
}
