import { readFileSync } from 'node:fs';
import { decodePcm } from '@parley/media/testing';

const FOLDER = new URL('../fixtures/speech/', import.meta.url);

/** A track of `fixtures/speech`, 16 kHz mono. */
export function loadPcm(name: string): Int16Array {
  return decodePcm(readFileSync(new URL(`${name}.pcm.br`, FOLDER)));
}

export function loadJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
}
