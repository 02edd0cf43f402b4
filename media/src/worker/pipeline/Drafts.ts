import type { Draft, Hypothesis, RecognitionKind, RecognitionSettings } from '../../asr/contract/recognition.js';

/** What decides whether a draft can help a request. */
export interface DraftUse {
  kind: RecognitionKind;
  /** Start of its audio, on the time line of the utterance. */
  startSample: number;
  settings: Pick<RecognitionSettings, 'language' | 'settled' | 'task'>;
}

interface Kept {
  startSample: number;
  task: RecognitionSettings['task'];
  language: string;
  draft: Draft;
}

/** Enough for the windows of a long utterance, and two models. */
const MOST_KEPT = 4;

/**
 * Earlier answers for an utterance, as guesses for its next requests. One fits if the audio starts at the same sample, because the text
 * then starts alike, too. Another prompt may change a word, and the rest still holds. Another language or task changes all words, and a
 * guess that cannot be right costs a run of the decoder.
 */
export class Drafts {
  /** The newest first. */
  #kept: Kept[] = [];
  /** The model that last answered each kind. */
  readonly #models: Partial<Record<RecognitionKind, string>> = {};

  /** The newest one that fits. */
  for({ kind, startSample, settings }: DraftUse): Draft | undefined {
    const { language, settled, task } = settings;
    const expected = language === 'auto' ? settled?.language : language;
    const model = this.#models[kind];
    return this.#kept.find(
      (kept) =>
        kept.startSample === startSample &&
        kept.task === task &&
        (expected === undefined || kept.language === expected) &&
        (model === undefined || kept.draft.model === model),
    )?.draft;
  }

  /** Replaces an older one of the same model for the same audio; an answer without a draft leaves it in place. */
  keep({ kind, startSample, settings }: DraftUse, { draft, language }: Hypothesis): void {
    if (draft === undefined) return;
    this.#models[kind] = draft.model;
    const others = this.#kept.filter((kept) => kept.startSample !== startSample || kept.draft.model !== draft.model);
    this.#kept = [{ startSample, task: settings.task, language, draft }, ...others].slice(0, MOST_KEPT);
  }
}
