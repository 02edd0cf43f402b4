import type { Draft, Hypothesis, RecognitionKind, RecognitionSettings } from '../../asr/contract/recognition.js';

/** What decides whether a draft can help a request. */
export interface DraftUse {
  kind: RecognitionKind;
  /** Where its audio begins, on the time line of the utterance. */
  startSample: number;
  settings: Pick<RecognitionSettings, 'language' | 'settled' | 'task'>;
}

interface Kept {
  startSample: number;
  task: RecognitionSettings['task'];
  language: string;
  draft: Draft;
}

/** Windows of a long utterance, and two models. */
const MOST_KEPT = 4;

/**
 * What the recogniser has made of an utterance so far, as guesses for what it is asked next. One fits where the audio begins at the
 * same sample: the text then begins alike, too. Another prompt may change a word, and the rest still stands; another language or task
 * changes all of them, and a guess that cannot be right costs a run of the decoder.
 */
export class Drafts {
  /** The newest first. */
  #kept: Kept[] = [];
  /** Who answered each kind last. */
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

  /** Takes the place of an older one of the same model for the same audio; an answer without a draft leaves that as it is. */
  keep({ kind, startSample, settings }: DraftUse, { draft, language }: Hypothesis): void {
    if (draft === undefined) return;
    this.#models[kind] = draft.model;
    const others = this.#kept.filter((kept) => kept.startSample !== startSample || kept.draft.model !== draft.model);
    this.#kept = [{ startSample, task: settings.task, language, draft }, ...others].slice(0, MOST_KEPT);
  }
}
