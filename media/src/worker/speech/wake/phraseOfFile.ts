import { basename, extname } from 'node:path';

/** A version at the end of a file's name, as in `hey_jarvis_v0.1`. */
const VERSION = /[\s_-]+v\d+(?:[._]\d+)*$/iu;

/** The word of a classifier, from the name of its file: `hey_jarvis_v0.1.onnx` is "hey jarvis". */
export function phraseOfFile(path: string): string {
  const name = basename(path, extname(path));
  const words = name
    .replace(VERSION, '')
    .replaceAll(/[\s_-]+/gu, ' ')
    .trim();
  return words === '' ? name : words;
}
