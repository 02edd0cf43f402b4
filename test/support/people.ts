import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { align, comparableWords, leaveOut, MODELS_DIRECTORY, readSound, TEST_MODEL } from '@parley/media/testing';

const FOLDER = new URL('../fixtures/people/', import.meta.url);

/** A scripted meeting of three people. */
export const PEOPLES_MEETING = fileURLToPath(new URL('meeting/', FOLDER));

/** A recording of a person. */
export interface Clip {
  file: string;
  /** ISO 639-1; empty if there is no speech. */
  language: string;
  text: string;
}

export const CLIPS: readonly Clip[] = JSON.parse(readFileSync(new URL('clips/clips.json', FOLDER), 'utf8'));

/** @returns 16 kHz mono */
export function soundOf({ file }: Clip): Promise<Int16Array> {
  return readSound(new URL(`clips/${file}`, FOLDER));
}

/** For `describe.skipIf`: tests with a published model and recordings of people. */
export function withoutPublishedModel(): boolean {
  const path = join(MODELS_DIRECTORY, `ggml-${TEST_MODEL}.bin`);
  return leaveOut({
    what: 'nothing is tested with recordings of people',
    missing: existsSync(path) ? undefined : `there is no ${path} (npm run parley -- models pull ${TEST_MODEL})`,
  });
}

/** Words that were recognised differently, missed, or added. */
export function wordErrors(options: { said: string; heard: string }): { errors: number; words: number } {
  const said = comparableWords(options.said);
  return { errors: align(said, comparableWords(options.heard)).edits, words: said.length };
}
