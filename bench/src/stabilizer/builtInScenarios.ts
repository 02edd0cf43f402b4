import type { Scenario } from './scenario.js';

/** Speech at 0.35 s per word, an observation every 0.3 s, answered 0.08 s later. */
const WORD_S = 0.35;
const CADENCE_S = 0.3;
const ANSWER_S = 0.08;
const START_S = 0.4;

/** What a recogniser makes of the words so far, in its n-th answer. */
type Noise = (heard: string[], turn: number) => string[];

const MEETING =
  'good morning everyone and welcome to the weekly project review we have three topics on the agenda today';
const LONG =
  'we finished the database migration on thursday and the new server is stable the customers did not notice the outage and the ' +
  'support team had a quiet week so we can start with the next part of the plan which is to move the old reports to the archive ' +
  'before the end of the month and then to train the new colleagues in the office';

function scenario(category: string, reference: string, noise: Noise = (heard) => heard, unspaced = false): Scenario {
  const words = unspaced
    ? [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(reference)].map((part) => part.segment)
    : reference.split(' ');
  const wordEndTimesS = words.map((_, index) => Number((START_S + (index + 1) * WORD_S).toFixed(2)));
  const observations: Scenario['observations'] = [];
  const endS = (wordEndTimesS.at(-1) ?? 0) + 0.4;
  for (let turn = 0, audioEndS = START_S + 0.3; audioEndS <= endS; turn += 1, audioEndS += CADENCE_S) {
    const heard = words.filter((_, index) => (wordEndTimesS[index] ?? 0) <= audioEndS);
    observations.push({
      text: noise(heard, turn).join(unspaced ? '' : ' '),
      completedAtS: Number((audioEndS + ANSWER_S).toFixed(2)),
      audioEndS: Number(audioEndS.toFixed(2)),
    });
  }
  return { name: category, category, reference, wordEndTimesS, observations };
}

const replaceWord = (heard: string[], word: string, by: string[]) =>
  heard.flatMap((each) => (each === word ? by : [each]));

/** A small generator of uniform numbers between 0 and 1, always the same ones (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One scenario for each kind of trouble that recognisers cause in live text. */
export function builtInScenarios(): Scenario[] {
  const random = seeded(7);
  return [
    scenario('clean', MEETING),
    scenario('correlated wrong prefix', MEETING, (heard, turn) =>
      turn < 3 ? replaceWord(heard, 'good', ['could']) : heard,
    ),
    scenario('long noisy', LONG, (heard) =>
      heard.map((word, index) => (index >= heard.length - 2 && random() < 0.35 ? `${word.slice(0, 2)}x` : word)),
    ),
    scenario('word insertion', MEETING, (heard, turn) =>
      turn % 5 === 3 && heard.length > 4 ? [...heard.slice(0, 3), 'uh', ...heard.slice(3)] : heard,
    ),
    scenario('substitution', MEETING, (heard, turn) =>
      turn % 4 === 1 ? replaceWord(heard, 'weekly', ['weakly']) : heard,
    ),
    scenario('missing word', MEETING, (heard, turn) => (turn % 4 === 2 ? replaceWord(heard, 'and', []) : heard)),
    scenario('compound', 'the data base of the web site moves to the new data center this week', (heard, turn) =>
      turn % 3 === 0
        ? heard.join(' ').replace('data base', 'database').replace('web site', 'website').split(' ').filter(Boolean)
        : heard,
    ),
    scenario('word order', MEETING, (heard, turn) => {
      if (turn % 6 !== 4 || heard.length < 6) return heard;
      return [...heard.slice(0, -3), heard.at(-2) ?? '', heard.at(-3) ?? '', heard.at(-1) ?? ''];
    }),
    scenario('prefix dropout', MEETING, (heard, turn) => (turn % 6 === 5 ? heard.slice(4) : heard)),
    scenario('hallucinated word', MEETING, (heard, turn) =>
      turn % 5 === 4 ? [...heard, 'thanks', 'for', 'watching'] : heard,
    ),
    scenario(
      'numeric',
      'the budget is forty two thousand dollars and twelve percent more than in two thousand ten',
      (heard, turn) => (turn % 3 === 1 ? replaceWord(replaceWord(heard, 'forty', ['40']), 'twelve', ['12']) : heard),
    ),
    scenario('boundary churn', MEETING, (heard, turn) => {
      const last = heard.at(-1);
      return last === undefined || turn % 2 === 0
        ? heard
        : [...heard.slice(0, -1), last.slice(0, Math.ceil(last.length / 2))];
    }),
    withRepeats(
      scenario('repeats without new audio', MEETING, (heard, turn) =>
        turn < 2 ? replaceWord(heard, 'good', ['food']) : heard,
      ),
    ),
    scenario('long clean', LONG),
    scenario('tail compound', 'please send the report to the help desk before the next stand up', (heard, turn) =>
      turn % 2 === 1
        ? heard.join(' ').replace('help desk', 'helpdesk').replace('stand up', 'standup').split(' ').filter(Boolean)
        : heard,
    ),
    scenario('script without spaces', '今天我们讨论下个季度的预算和新的计划', (heard) => heard, true),
  ];
}

/** Each answer three times, without new audio. */
function withRepeats(given: Scenario): Scenario {
  return {
    ...given,
    observations: given.observations.flatMap((observation) =>
      [0, 0.05, 0.1].map((laterS) => ({ ...observation, completedAtS: observation.completedAtS + laterS })),
    ),
  };
}
