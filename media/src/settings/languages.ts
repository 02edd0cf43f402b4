import type { ModelProfile } from './modelProfile.js';

/** Whisper's codes, which are ISO 639-1 but for `haw` and `jw` (Javanese). A test holds them equal to the addon's. */
const SINCE_V1: readonly string[] =
  `af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it ja jw ka kk km
   kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th
   tk tl tr tt uk ur uz vi yi yo zh`.split(/\s+/);
/** Cantonese came with large-v3. */
const SINCE_V3: readonly string[] = [...SINCE_V1, 'yue'].sort();
const ENGLISH: readonly string[] = ['en'];

/** Size of the vocabulary since large-v3: one language more. */
export const VOCABULARY_V3 = 51_866;
/** Of the multilingual models before it; English-only ones have one word less. */
export const VOCABULARY_V1 = 51_865;

/**
 * What a vocabulary has tokens for.
 * @param vocabulary its size, as the head of a model's file says it
 * @returns codes in alphabetical order: 100, 99, or `en` alone
 */
export function whisperLanguages(vocabulary: number): readonly string[] {
  if (vocabulary >= VOCABULARY_V3) return SINCE_V3;
  return vocabulary === VOCABULARY_V1 ? SINCE_V1 : ENGLISH;
}

/** What a model understands: codes in alphabetical order, 100 at most. */
export function languagesOf(profile: Pick<ModelProfile, 'multilingual' | 'languages'>): readonly string[] {
  return profile.languages ?? (profile.multilingual ? SINCE_V1 : ENGLISH);
}

/** Whether it makes English of other languages. */
function translates(profile: Pick<ModelProfile, 'multilingual' | 'transcribesOnly'>): boolean {
  return profile.multilingual && profile.transcribesOnly !== true;
}

/** What is asked of a model, see the speech settings of these names. */
interface Wish {
  language: string;
  languages: readonly string[];
  task: 'transcribe' | 'translate';
}

/** Among what a model finds the language of a wish: codes without doubles. */
export function candidatesOf(
  profile: Pick<ModelProfile, 'multilingual' | 'languages'>,
  { languages }: Pick<Wish, 'languages'>,
): readonly string[] {
  return languages.length === 0 ? languagesOf(profile) : [...new Set(languages)];
}

/** What a model cannot do of what it is asked for. */
export interface Inability {
  setting: keyof Wish;
  /** A clause that says what can be asked for, and not what was. */
  problem: string;
  /** Both, for people. */
  sentence: string;
}

/** @param wish as in the settings: a language is a code, `auto` or `per-segment`, and the latter two every model can */
export function inabilitiesOf(profile: ModelProfile, wish: Wish): Inability[] {
  const { name } = profile;
  const { language, languages, task } = wish;
  const inabilities: Inability[] = [];
  const known = languagesOf(profile);
  const codes = known.join(', ');
  if (!isFound(language) && !known.includes(language)) {
    inabilities.push({
      setting: 'language',
      problem: `must be auto, per-segment or a language that the model ${name} knows: ${codes}`,
      sentence: `The model ${name} does not know the language ${language}. It knows ${codes}.`,
    });
  }
  const unknown = languages.find((each) => !known.includes(each));
  if (unknown !== undefined) {
    inabilities.push({
      setting: 'languages',
      problem: `must be languages that the model ${name} knows: ${codes}`,
      sentence: `The model ${name} does not know the language ${unknown}. It knows ${codes}.`,
    });
  }
  if (task === 'translate' && !translates(profile)) {
    inabilities.push({
      setting: 'task',
      problem: `must be transcribe with the model ${name}, which cannot translate`,
      sentence: `The model ${name} cannot translate. Set the task to transcribe, or take a model that can, e.g. large-v3.`,
    });
  }
  return inabilities;
}

/**
 * Whether a second model's interims are of the same language and the same kind as the main one's finals would be. Where the language
 * is to be found, one that knows a single language finds nothing.
 */
export function standsInFor(options: { interim: ModelProfile; main: ModelProfile; wish: Wish }): boolean {
  const { interim, main, wish } = options;
  if (inabilitiesOf(interim, wish).length > 0) return false;
  return !isFound(wish.language) || candidatesOf(interim, wish).length > 1 || candidatesOf(main, wish).length === 1;
}

function isFound(language: string): boolean {
  return language === 'auto' || language === 'per-segment';
}
