import type { ModelProfile } from './modelProfile.js';

/** Whisper's codes, which are ISO 639-1 but for `haw` and `jw` (Javanese). A test holds them equal to the addon's. */
const SINCE_V1: readonly string[] =
  `af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it ja jw ka kk km
   kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th
   tk tl tr tt uk ur uz vi yi yo zh`.split(/\s+/);
/** Cantonese came with large-v3. */
const SINCE_V3: readonly string[] = [...SINCE_V1, 'yue'].sort();
const ENGLISH: readonly string[] = ['en'];

/** Size of the vocabulary since large-v3, which has one more language. */
export const VOCABULARY_V3 = 51_866;
/** Size for earlier multilingual models; English-only ones have one word less. */
export const VOCABULARY_V1 = 51_865;

/**
 * Languages that a vocabulary has tokens for.
 * @param vocabulary its size, from the head of a model's file
 * @returns codes in alphabetical order: 100, 99, or `en` alone
 */
export function whisperLanguages(vocabulary: number): readonly string[] {
  if (vocabulary >= VOCABULARY_V3) return SINCE_V3;
  return vocabulary === VOCABULARY_V1 ? SINCE_V1 : ENGLISH;
}

/** Languages that a model understands: codes in alphabetical order, 100 at most. */
export function languagesOf(profile: Pick<ModelProfile, 'multilingual' | 'languages'>): readonly string[] {
  return profile.languages ?? (profile.multilingual ? SINCE_V1 : ENGLISH);
}

/** Whether it translates other languages into English. */
function translates(profile: Pick<ModelProfile, 'multilingual' | 'transcribesOnly'>): boolean {
  return profile.multilingual && profile.transcribesOnly !== true;
}

/** What a model should do, see the speech settings of these names. */
interface Wish {
  language: string;
  languages: readonly string[];
  task: 'transcribe' | 'translate';
}

/** The languages among which a model detects the one of a wish: codes without duplicates. */
export function candidatesOf(
  profile: Pick<ModelProfile, 'multilingual' | 'languages'>,
  { languages }: Pick<Wish, 'languages'>,
): readonly string[] {
  return languages.length === 0 ? languagesOf(profile) : [...new Set(languages)];
}

/** A wish that a model cannot fulfil. */
export interface Inability {
  setting: keyof Wish;
  /** A clause that says what is possible, not what was requested. */
  problem: string;
  /** Both, for people. */
  sentence: string;
}

/** @param wish as in the settings: a language is a code, `auto` or `per-segment`, and every model can do the latter two */
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
 * Whether a second model's interims have the same language and task as the main one's finals would. If the language has to be detected, a
 * model with a single language cannot do it.
 */
export function standsInFor(options: { interim: ModelProfile; main: ModelProfile; wish: Wish }): boolean {
  const { interim, main, wish } = options;
  if (inabilitiesOf(interim, wish).length > 0) return false;
  return !isFound(wish.language) || candidatesOf(interim, wish).length > 1 || candidatesOf(main, wish).length === 1;
}

function isFound(language: string): boolean {
  return language === 'auto' || language === 'per-segment';
}
