import type { Contestant, Plan } from './contestants.js';
import { measureUtterance } from './measure.js';
import type { BenchRecording } from './recordings.js';

/** Of each setting with each plan. */
const RUNS = 3;

/** What a setting took for the utterance, once in every lane at the same time. */
export interface TrialTime {
  lanes: number;
  threads: number;
  name: string;
  utteranceMs: number;
}

/**
 * Which of whisper.cpp's settings is the quickest with each of the plans: it alone takes part in what is measured with that plan, since the
 * quickest on one thread need not be so on two, nor with many streams.
 * @param options.contestants everybody
 */
export async function tryWhisper(options: {
  contestants: readonly Contestant[];
  utterance: BenchRecording;
  plans: readonly Plan[];
}): Promise<{ times: TrialTime[]; takingPart: (plan: Plan) => Contestant[] }> {
  const { contestants, utterance } = options;
  const settings = contestants.filter(({ maker }) => maker === 'whispercpp');
  const times: TrialTime[] = [];
  const quickest = new Map<string, Contestant | undefined>();
  for (const plan of options.plans) {
    const { lanes, threads } = plan;
    if (quickest.has(keyOf(plan))) continue;
    const took = await measureUtterance({ contestants: settings, utterance, plan, runs: RUNS });
    quickest.set(keyOf(plan), settings[took.indexOf(Math.min(...took))]);
    times.push(
      ...settings.map(({ name }, index) => ({ lanes, threads, name, utteranceMs: took[index] ?? Number.NaN })),
    );
  }
  const takingPart = (plan: Plan) =>
    contestants.filter((each) => each.maker !== 'whispercpp' || each === quickest.get(keyOf(plan)));
  return { times, takingPart };
}

/** How many streams there are makes no difference to whisper.cpp: it takes a recording a lane. */
function keyOf({ lanes, threads }: Plan): string {
  return `${lanes} x ${threads}`;
}
