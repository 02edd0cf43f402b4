import type { TranscriptionDegradation, TranscriptionStatus } from '@parley/client-sdk/protocol';
import { type LoadLevel, languagesOf, type RecognizerStatus, type ResolvedModel } from '@parley/media';

const DEGRADATIONS: Record<LoadLevel, TranscriptionDegradation | undefined> = {
  0: undefined,
  1: {
    level: 1,
    reason: 'The recogniser is busy: text appears less often while people speak. Nothing is lost.',
    interimIntervalFactor: 2,
  },
  2: {
    level: 2,
    reason: 'The recogniser is very busy: text appears much less often while people speak. Nothing is lost.',
    interimIntervalFactor: 4,
  },
  3: {
    level: 3,
    reason: 'The recogniser has more to do than it can: text appears only once an utterance is over.',
    interimIntervalFactor: null,
  },
};

/** What a load level means for people; undefined when everything is as asked. */
export function degradationOf(level: LoadLevel): TranscriptionDegradation | undefined {
  return DEGRADATIONS[level];
}

/** A model in the words of the wire. */
export function wireModelOf({ profile, source }: ResolvedModel): TranscriptionStatus['model'] {
  return { name: profile.name, demo: profile.demo, source, languages: [...languagesOf(profile)] };
}

/** The recogniser's state in the words of the wire; `model` is the one of finals, and its reason what the start had to say of it. */
export function transcriptionStatusOf(options: {
  status: RecognizerStatus;
  load: LoadLevel;
  model: ResolvedModel;
  mode: string;
}): TranscriptionStatus {
  const { status, model, mode } = options;
  const reason = status.reason ?? model.reason;
  const degradation = degradationOf(options.load);
  return {
    state: status.state,
    mode,
    model: wireModelOf(model),
    ...(status.interimModel === undefined ? {} : { interimModel: status.interimModel.name }),
    engine: status.engine,
    ...(reason === undefined ? {} : { reason }),
    ...(degradation === undefined ? {} : { degradation }),
  };
}
