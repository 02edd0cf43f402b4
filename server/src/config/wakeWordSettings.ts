import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { WAKE_WORD_SHARED_FILES, type WakeWordFile } from '@parley/media/settings';
import type { Settings } from './settings.js';

/**
 * Conflicts between wake word settings, as sentences. All published words share two files; custom files used together with them must be
 * made for the same two.
 */
export function wakeWordProblems(wakeWord: Settings['wakeWord']): string[] {
  const { models, melModel, embeddingModel, classifierModels } = wakeWord;
  if (models.length > 0) {
    return [
      ...sharedProblem('melModel', melModel, WAKE_WORD_SHARED_FILES.mel),
      ...sharedProblem('embeddingModel', embeddingModel, WAKE_WORD_SHARED_FILES.embedding),
    ];
  }
  const given = [melModel, embeddingModel, classifierModels[0]].filter((path) => path !== undefined).length;
  return given === 0 || given === 3
    ? []
    : ['wakeWord.melModel, wakeWord.embeddingModel and wakeWord.classifierModels belong together: give all or none.'];
}

function sharedProblem(
  setting: 'melModel' | 'embeddingModel',
  path: string | undefined,
  wanted: WakeWordFile,
): string[] {
  if (path === undefined || !differs(path, wanted)) return [];
  return [
    `wakeWord.${setting}: ${path} is not the file that the words of wakeWord.models need. Leave wakeWord.${setting} out if ` +
      'wakeWord.classifierModels also works with the published one; otherwise leave wakeWord.models out.',
  ];
}

/** A missing file has no difference; that it is missing is reported elsewhere. */
function differs(path: string, { bytes, sha256 }: WakeWordFile): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return false;
  return size !== bytes || createHash('sha256').update(readFileSync(path)).digest('hex') !== sha256;
}
