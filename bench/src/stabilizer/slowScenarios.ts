import { seededRandom } from '../speech/Speech.js';
import type { Scenario } from './scenario.js';

/** People speak 3 words a second, with pauses after clauses; a slow engine gets the next request after its answer. */
const TEXTS = [
  'Good morning everyone, and welcome to the weekly project review. We have three topics on the agenda today, and the first one is the budget for the next quarter.',
  'We finished the database migration on Thursday and the new server is stable. The customers did not notice the outage, and the support team had a quiet week.',
  'He was not an ill-disposed young man, unless to be rather selfish is to be ill-disposed.',
  'The next meeting is on Tuesday at half past nine.',
  'I would like to move the old reports to the archive before the end of the month, and then we can train the new colleagues in the office.',
];
/** Words that a recogniser confuses when it has too little audio. */
const ALIKE = ['the', 'a', 'in', 'and', 'there', 'then', 'this', 'it', 'to', 'for'];
/** What Whisper writes for a silence at the end of the audio. */
const INVENTED = ['Thank you.', 'Thanks for watching!', "I'm sorry.", 'Bye.'];
const START_S = 0.4;

/** How a slow recogniser goes wrong: shares of its answers. */
interface Trouble {
  /** The last word is cut off, and written as another or in part. */
  lastWord: number;
  /** The last two or three words are different. */
  reworded: number;
  /** The text goes on with words that were not said. */
  invented: number;
  /** An earlier word is different. */
  deep: number;
  /** Share of the words, not of the answers: wrong until there is enough audio after it (`MISHEARD_S`). */
  misheard: number;
}

const NO_TROUBLE: Trouble = { lastWord: 0, reworded: 0, invented: 0, deep: 0, misheard: 0 };
const ORDINARY: Trouble = { lastWord: 0.5, reworded: 0.2, invented: 0.05, deep: 0.05, misheard: 0.01 };
const MISHEARD_S = 0.8;

interface Kind {
  category: string;
  /** Audio between two hypotheses, seconds. */
  everyS: readonly [number, number];
  trouble: Trouble;
  /** Silence after a comma or a full stop, seconds. */
  pauseS?: number;
}

const KINDS: readonly Kind[] = [
  { category: 'slow, clean, 600 ms', everyS: [0.6, 0.6], trouble: NO_TROUBLE },
  { category: 'slow, 600 ms', everyS: [0.6, 0.7], trouble: ORDINARY },
  { category: 'slow, 800 ms', everyS: [0.8, 0.9], trouble: ORDINARY },
  { category: 'slow, 1 s', everyS: [1, 1.1], trouble: ORDINARY },
  { category: 'slow, 1.5 s', everyS: [1.4, 1.5], trouble: ORDINARY },
  { category: 'slow, uneven', everyS: [0.6, 1.5], trouble: ORDINARY },
  { category: 'slow, pauses', everyS: [0.7, 1], trouble: ORDINARY, pauseS: 1.2 },
  { category: 'slow, last word wrong', everyS: [0.7, 1], trouble: { ...NO_TROUBLE, lastWord: 1 } },
  { category: 'slow, reworded end', everyS: [0.7, 1], trouble: { ...NO_TROUBLE, reworded: 0.5 } },
  { category: 'slow, invented end', everyS: [0.7, 1], trouble: { ...NO_TROUBLE, invented: 0.3 }, pauseS: 0.8 },
  { category: 'slow, misheard at first', everyS: [0.6, 1], trouble: { ...NO_TROUBLE, misheard: 0.05 } },
  { category: 'slow, words that change late', everyS: [0.7, 1], trouble: { ...NO_TROUBLE, deep: 0.25 } },
];

/** Hypotheses every 600 to 1500 ms, as text alone: from a large model on a small machine, or an engine without word times. */
export function slowScenarios(): Scenario[] {
  return KINDS.flatMap((kind, row) =>
    TEXTS.map((text, column) => scenario({ kind, text, random: seededRandom(100 * row + column + 1) })),
  );
}

function scenario(options: { kind: Kind; text: string; random: () => number }): Scenario {
  const { kind, text, random } = options;
  const words = text.split(' ');
  let atS = START_S;
  const endsS = words.map((word) => {
    atS += 0.12 + 0.045 * word.length;
    const endS = atS;
    if (/[.,]$/u.test(word)) atS += kind.pauseS ?? 0.15;
    return Number(endS.toFixed(2));
  });
  const misheard = words.map((word) => (random() < kind.trouble.misheard ? other(word, random) : undefined));
  const observations: Scenario['observations'] = [];
  const lastS = (endsS.at(-1) ?? 0) + 0.3;
  const [leastS, mostS] = kind.everyS;
  for (let audioEndS = START_S + leastS; audioEndS <= lastS; audioEndS += leastS + random() * (mostS - leastS)) {
    // A word of which half is in the audio is written, too: that is where it goes wrong.
    const heard = words
      .map((word, index) => ((endsS[index] ?? 0) + MISHEARD_S > audioEndS ? (misheard[index] ?? word) : word))
      .filter((_, index) => ((endsS[index - 1] ?? START_S) + (endsS[index] ?? 0)) / 2 <= audioEndS);
    const cutOff = (endsS[heard.length - 1] ?? 0) > audioEndS - 0.1;
    observations.push({
      text: written({ heard, cutOff, trouble: kind.trouble, random }),
      completedAtS: Number((audioEndS + 0.8 * leastS).toFixed(2)),
      audioEndS: Number(audioEndS.toFixed(2)),
    });
  }
  return {
    name: `${kind.category}: ${words[0]} ...`,
    category: kind.category,
    reference: text,
    wordEndTimesS: endsS,
    observations,
  };
}

function written(options: {
  heard: readonly string[];
  cutOff: boolean;
  trouble: Trouble;
  random: () => number;
}): string {
  const { cutOff, trouble, random } = options;
  const words = [...options.heard];
  const another = (word: string) => other(word, random);
  const happens = (share: number) => random() < share;
  const last = words.length - 1;
  if (happens(trouble.deep) && last > 3) {
    const index = Math.floor(random() * (last - 2));
    words[index] = another(words[index] ?? '');
  }
  if (happens(trouble.reworded)) {
    const count = Math.min(words.length, 2 + Math.floor(random() * 2));
    for (let index = words.length - count; index < words.length; index += 1) words[index] = another(words[index] ?? '');
  }
  if (cutOff && happens(trouble.lastWord) && last >= 0) {
    const word = words[last] ?? '';
    words[last] = happens(0.5) ? another(word) : word.slice(0, Math.ceil(word.length / 2));
  }
  // Whisper ends any text with a full stop, and writes a comma in one answer but not in the next.
  const marked = words.map((word, index) => {
    const bare = word.replace(/[.,]$/u, '');
    if (index === words.length - 1) return `${bare}.`;
    return word !== bare && happens(0.2) ? bare : word;
  });
  if (happens(trouble.invented)) marked.push(INVENTED[Math.floor(random() * INVENTED.length)] ?? '');
  return marked.join(' ');
}

function other(word: string, random: () => number): string {
  return ALIKE[Math.floor(random() * ALIKE.length)] ?? word;
}
