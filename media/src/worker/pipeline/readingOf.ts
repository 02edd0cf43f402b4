import type { Hypothesis } from '../../asr/contract/recognition.js';
import type { ReadingProfile } from '../../settings/reading.js';
import type { SilenceReading } from '../speech/index.js';
import { endsSentence } from '../speech/text/index.js';

/**
 * How a text before a silence reads. A few words may be the start of anything, and a model that is cut off within a sentence still writes a
 * full stop, but is less sure of its last word.
 */
export function readingOf({ text, words }: Hypothesis, profile: ReadingProfile): SilenceReading {
  if (text === '') return 'unknown';
  if (!endsSentence(text)) return 'unfinished';
  if ((words?.at(-1)?.probability ?? 1) < profile.leastProbabilityOfEnd) return 'unknown';
  const count = words?.length ?? text.split(/\s+/u).length;
  return count >= profile.fewestWordsOfSentence ? 'sentence' : 'unknown';
}
