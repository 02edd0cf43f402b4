import { endsSentence } from './endsSentence.js';

export interface FinishOptions {
  /** If false, it continues after a cut within a sentence. */
  startsSentence: boolean;
  /** Its first word as written within the sentence, if known. */
  opening?: string | undefined;
  /** If false, it was cut within a sentence. */
  endsSentence: boolean;
  startUppercase: boolean;
  endPeriod: boolean;
  /** ISO 639-1. */
  language: string;
}

/** Languages that end a sentence with another mark than the full stop, or with none. */
const STOPS: Record<string, string> = {
  zh: '。',
  ja: '。',
  yue: '。',
  hi: '।',
  bn: '।',
  mr: '।',
  ne: '।',
  ur: '۔',
  th: '',
  lo: '',
  my: '',
  km: '',
  bo: '',
  am: '።',
};
/** No stop is added after these: the text already has an end, or something is open. */
const PUNCTUATED = /[\p{Po}\p{Pd}\p{Pe}\p{Pf}\p{Ps}\p{Pi}"'’…]$/u;
const FINAL_STOP = /\.+(["'’\p{Pe}\p{Pf}]*)$/u;
/**
 * English words that have a capital only at the start of a sentence. A closed list: all others may be names, and German, which capitalises
 * nouns, is left alone.
 */
const FUNCTION_WORDS = new Set(
  (
    'a an the and or but so because if when while then than that this these those there here it its he she we you they his her our ' +
    'your their my me him us them to of in on at by for from with about into over after before as is are was were be been do does ' +
    'did have has had will would can could should may might must not no yes what which who how why where'
  ).split(' '),
);
const FIRST_WORD = /^(["'¿¡([]*)(\p{L}[\p{L}\p{M}'’]*)/u;

/**
 * Makes a final read as part of a text: a sentence starts with a capital letter and ends with its mark; a part that was cut out of the
 * middle of a sentence does neither. Does not change words.
 */
export function finishText(text: string, options: FinishOptions): string {
  const begun = options.startsSentence ? capitalized(text, options) : continued(text, options);
  return options.endsSentence ? ended(begun, options) : cut(begun);
}

function capitalized(text: string, { startUppercase, language }: FinishOptions): string {
  if (!startUppercase) return text;
  return text.replace(FIRST_WORD, (_, opening: string, word: string) => {
    // "iPhone" keeps its form everywhere.
    if (/\p{Lu}/u.test(word)) return opening + word;
    const [first = '', ...rest] = word;
    return opening + first.toLocaleUpperCase(language === '' ? 'und' : language) + rest.join('');
  });
}

function continued(text: string, { language, opening: known = '' }: FinishOptions): string {
  const within = known.match(FIRST_WORD)?.[2] ?? '';
  return text.replace(FIRST_WORD, (_, opening: string, word: string) => {
    const lower = word.toLowerCase();
    if (within.toLowerCase() === lower) return opening + within;
    return opening + (language === 'en' && FUNCTION_WORDS.has(lower) ? lower : word);
  });
}

function ended(text: string, { endPeriod, language }: FinishOptions): string {
  if (!endPeriod || text === '' || PUNCTUATED.test(text)) return text;
  return text + (STOPS[language] ?? '.');
}

/** Removes the full stop that a model puts at the end of any audio. Question and exclamation marks stay. */
function cut(text: string): string {
  return endsSentence(text) ? text.replace(FINAL_STOP, '$1') : text;
}
