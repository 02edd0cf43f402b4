import { VOCABULARY_V1, VOCABULARY_V3, whisperLanguages } from './languages.js';
import type { ModelProfile } from './modelProfile.js';
import type { PackagedWeights } from './packageCatalogue.js';

/** Where the models are published; `PARLEY_MODEL_BASE_URL` replaces it with a mirror. */
export const DEFAULT_MODEL_BASE_URL = 'https://huggingface.co/ggerganov/whisper.cpp/resolve/main';

/** How a published file packs its weights, in ggml's terms. */
export type QuantisationName = 'q5_1' | 'q8_0';

export interface PublishedModel {
  /** The usual name, e.g. `base-q5_1`. */
  name: string;
  fileName: string;
  /** Approximate size in 10^6 bytes, as rounded by the publisher. */
  megabytes: number;
  /** Lower-case hex, as the publisher lists it. */
  sha1: string;
  /** Of the same file, if known. */
  sha256?: string;
  /** If the publisher cannot be reached: the package with the weights, and how the file packs them. */
  rebuild?: { weights: PackagedWeights; quantisation?: QuantisationName };
  profile: ModelProfile;
}

/** Longest audio of a request to a published model: Whisper's window is 30 s, and its last seconds are its weakest. */
const PUBLISHED_LONGEST_WINDOW_MS = 28_000;

/** How a model is run and how its texts are read: the measured values of its profile. */
type Tuning = Pick<ModelProfile, 'windowPolicy' | 'windowFloorsMs' | 'windowMarginMs' | 'longestWindowMs' | 'reading'>;

/**
 * How published models are run, as measured on people with `base-q8_0`; a family differs only if that was measured, too. The measurements
 * are in docs/models.md.
 */
const PEOPLE: Tuning = {
  windowPolicy: 'floor',
  // In a window that is somewhat longer than the speech, a text may start over, which is cut. English has as few errors there as elsewhere.
  windowFloorsMs: { interim: 4_000, final: 10_000, finalEnglish: 4_000 },
  windowMarginMs: 1_000,
  longestWindowMs: PUBLISHED_LONGEST_WINDOW_MS,
  // They lose words if a pause is shortened, and are less sure of the last word of a sentence than the built-in model.
  reading: { shortensPauses: false, leastProbabilityOfEnd: 0.85 },
};

/** Measured with `tiny.en-q8_0`: at 5 s it repeats itself in English, too. */
const PEOPLE_TINY: Tuning = {
  ...PEOPLE,
  windowFloorsMs: { interim: 4_000, final: 10_000, finalEnglish: 7_000 },
};
/** Layers of the encoder of `tiny`; the next larger family has 6. */
const TINY_AUDIO_LAYERS = 4;

function published(row: Omit<PublishedModel, 'fileName' | 'profile'>): PublishedModel {
  return {
    ...row,
    fileName: `ggml-${row.name}.bin`,
    profile: ordinaryProfile({ name: row.name, multilingual: !row.name.includes('.en') }),
  };
}

/**
 * Profile of an ordinary Whisper model, as far as known.
 * @param options from the head of its file; what is absent is derived from the name
 */
export function ordinaryProfile(options: {
  name: string;
  multilingual: boolean;
  vocabulary?: number;
  audioLayers?: number;
  textLayers?: number;
}): ModelProfile {
  const { name, multilingual } = options;
  const vocabulary = options.vocabulary ?? (name.startsWith('large-v3') ? VOCABULARY_V3 : VOCABULARY_V1);
  return {
    name,
    demo: false,
    ...(isTiny(options) ? PEOPLE_TINY : PEOPLE),
    multilingual,
    ...(multilingual && vocabulary === VOCABULARY_V3 ? { languages: whisperLanguages(vocabulary) } : {}),
    ...(multilingual && isTurbo(options) ? { transcribesOnly: true } : {}),
  };
}

function isTiny({ name, audioLayers }: Parameters<typeof ordinaryProfile>[0]): boolean {
  return audioLayers === undefined ? name.startsWith('tiny') : audioLayers <= TINY_AUDIO_LAYERS;
}

/**
 * A large model with a small decoder. OpenAI: "The turbo model is not trained for translation tasks." It writes in the spoken language, and
 * so do distilled models.
 */
function isTurbo({ name, audioLayers, textLayers }: Parameters<typeof ordinaryProfile>[0]): boolean {
  if (audioLayers === undefined || textLayers === undefined) return name.startsWith('large-v3-turbo');
  return textLayers < audioLayers;
}

/** The model that comes with the sources. It knows synthetic voices and a small vocabulary, and nothing else. */
export const BUILT_IN_MODEL = {
  fileName: 'parley-nano-q8_0.bin.gz',
  licence: 'Apache-2.0',
  profile: {
    name: 'parley-nano',
    demo: true,
    windowPolicy: 'utterance',
    longestWindowMs: 10_000,
    multilingual: true,
    // The languages it was trained on: its vocabulary has tokens for all of Whisper's.
    languages: ['de', 'en', 'es', 'fr'],
    transcribesOnly: true,
  },
} as const satisfies { fileName: string; licence: string; profile: ModelProfile };

/**
 * What `auto` stands for: by device, or on any device if a small model is wanted. The first is fetched; the others are as good if they are
 * already there.
 */
export const AUTO_MODELS = {
  cpu: ['base-q8_0', 'base-q5_1', 'base'],
  cuda: ['large-v3-turbo', 'large-v3-turbo-q8_0', 'large-v3-turbo-q5_0'],
  small: ['base-q8_0', 'base-q5_1', 'base'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

/** Of all published models: OpenAI's weights. */
export const WHISPER_LICENCE = 'MIT';

/**
 * Whisper models in ggml format with their publisher's names, sizes and checksums: OpenAI's weights, MIT licence. SHA-1 is what the
 * publisher lists; SHA-256 is given if the file's own is known.
 */
export const PUBLISHED_MODELS: readonly PublishedModel[] = [
  published({
    name: 'tiny',
    megabytes: 79,
    sha1: 'bd577a113a864445d4c299885e0cb97d4ba92b5f',
    sha256: 'be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21',
  }),
  published({
    name: 'tiny-q5_1',
    megabytes: 33,
    sha1: '2827a03e495b1ed3048ef28a6a4620537db4ee51',
    sha256: '818710568da3ca15689e31a743197b520007872ff9576237bda97bd1b469c3d7',
  }),
  published({ name: 'tiny-q8_0', megabytes: 44, sha1: '19e8118f6652a650569f5a949d962154e01571d9' }),
  published({
    name: 'tiny.en',
    megabytes: 79,
    sha1: 'c78c86eb1a8faa21b369bcd33207cc90d64ae9df',
    rebuild: { weights: 'tiny.en' },
  }),
  published({
    name: 'tiny.en-q5_1',
    megabytes: 33,
    sha1: '3fb92ec865cbbc769f08137f22470d6b66e071b6',
    rebuild: { weights: 'tiny.en', quantisation: 'q5_1' },
  }),
  published({
    name: 'tiny.en-q8_0',
    megabytes: 44,
    sha1: '802d6668e7d411123e672abe4cb6c18f12306abb',
    sha256: '5bc2b3860aa151a4c6e7bb095e1fcce7cf12c7b020ca08dcec0c6d018bb7dd94',
    rebuild: { weights: 'tiny.en', quantisation: 'q8_0' },
  }),
  published({
    name: 'base',
    megabytes: 149,
    sha1: '465707469ff3a37a2b9b8d8f89f2f99de7299dac',
    sha256: '60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe',
    rebuild: { weights: 'base' },
  }),
  published({
    name: 'base-q5_1',
    megabytes: 60,
    sha1: 'a3733eda680ef76256db5fc5dd9de8629e62c5e7',
    sha256: '422f1ae452ade6f30a004d7e5c6a43195e4433bc370bf23fac9cc591f01a8898',
    rebuild: { weights: 'base', quantisation: 'q5_1' },
  }),
  published({
    name: 'base-q8_0',
    megabytes: 82,
    sha1: '7bb89bb49ed6955013b166f1b6a6c04584a20fbe',
    sha256: 'c577b9a86e7e048a0b7eada054f4dd79a56bbfa911fbdacf900ac5b567cbb7d9',
    rebuild: { weights: 'base', quantisation: 'q8_0' },
  }),
  published({ name: 'base.en', megabytes: 149, sha1: '137c40403d78fd54d454da0f9bd998f78703390c' }),
  published({
    name: 'base.en-q5_1',
    megabytes: 60,
    sha1: 'd26d7ce5a1b6e57bea5d0431b9c20ae49423c94a',
    sha256: '4baf70dd0d7c4247ba2b81fafd9c01005ac77c2f9ef064e00dcf195d0e2fdd2f',
  }),
  published({ name: 'base.en-q8_0', megabytes: 82, sha1: 'bb1574182e9b924452bf0cd1510ac034d323e948' }),
  published({
    name: 'small',
    megabytes: 489,
    sha1: '55356645c2b361a969dfd0ef2c5a50d530afd8d5',
    sha256: '1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b',
  }),
  published({
    name: 'small-q5_1',
    megabytes: 190,
    sha1: '6fe57ddcfdd1c6b07cdcc73aaf620810ce5fc771',
    sha256: 'ae85e4a935d7a567bd102fe55afc16bb595bdb618e11b2fc7591bc08120411bb',
  }),
  published({ name: 'small-q8_0', megabytes: 264, sha1: 'bcad8a2083f4e53d648d586b7dbc0cd673d8afad' }),
  published({ name: 'small.en', megabytes: 489, sha1: 'db8a495a91d927739e50b3fc1cc4c6b8f6c2d022' }),
  published({ name: 'small.en-q5_1', megabytes: 190, sha1: '20f54878d608f94e4a8ee3ae56016571d47cba34' }),
  published({ name: 'small.en-q8_0', megabytes: 264, sha1: '9d75ff4ccfa0a8217870d7405cf8cef0a5579852' }),
  published({
    name: 'medium',
    megabytes: 1611,
    sha1: 'fd9727b6e1217c2f614f9b698455c4ffd82463b4',
    sha256: '6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208',
  }),
  published({ name: 'medium-q5_0', megabytes: 539, sha1: '7718d4c1ec62ca96998f058114db98236937490e' }),
  published({ name: 'medium-q8_0', megabytes: 823, sha1: 'e66645948aff4bebbec71b3485c576f3d63af5d6' }),
  published({ name: 'medium.en', megabytes: 1611, sha1: '8c30f0e44ce9560643ebd10bbe50cd20eafd3723' }),
  published({ name: 'medium.en-q5_0', megabytes: 539, sha1: 'bb3b5281bddd61605d6fc76bc5b92d8f20284c3b' }),
  published({ name: 'medium.en-q8_0', megabytes: 823, sha1: 'b1cf48c12c807e14881f634fb7b6c6ca867f6b38' }),
  published({ name: 'large-v1', megabytes: 3114, sha1: 'b1caaf735c4cc1429223d5a74f0f4d0b9b59a299' }),
  published({ name: 'large-v2', megabytes: 3114, sha1: '0f4c8e34f21cf1a914c59d8b3ce882345ad349d6' }),
  published({ name: 'large-v2-q5_0', megabytes: 1181, sha1: '00e39f2196344e901b3a2bd5814807a769bd1630' }),
  published({ name: 'large-v2-q8_0', megabytes: 1611, sha1: 'da97d6ca8f8ffbeeb5fd147f79010eeea194ba38' }),
  published({ name: 'large-v3', megabytes: 3114, sha1: 'ad82bf6a9043ceed055076d0fd39f5f186ff8062' }),
  published({ name: 'large-v3-q5_0', megabytes: 1181, sha1: 'e6e2ed78495d403bef4b7cff42ef4aaadcfea8de' }),
  published({
    name: 'large-v3-turbo',
    megabytes: 1611,
    sha1: '4af2b29d7ec73d781377bfd1758ca957a807e941',
    sha256: '1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69',
  }),
  published({
    name: 'large-v3-turbo-q5_0',
    megabytes: 574,
    sha1: 'e050f7970618a659205450ad97eb95a18d69c9ee',
    sha256: '394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2',
  }),
  published({ name: 'large-v3-turbo-q8_0', megabytes: 875, sha1: '01bf15bedffe9f39d65c1b6ff9b687ea91f59e0e' }),
];

export function findPublishedModel(name: string): PublishedModel | undefined {
  return PUBLISHED_MODELS.find((model) => model.name === name);
}
