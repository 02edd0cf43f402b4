import type { TranscriptionDegradation, TranscriptionStatus } from '@parley/client-sdk/protocol';
import { type Load, type LoadReason, NO_INTERIMS, type RecognizerStatus, type ResolvedModel } from '@parley/media/node';
import { languagesOf } from '@parley/media/settings';

const SENTENCES: Record<Exclude<LoadReason, 'recovered'>, Record<TranscriptionDegradation['level'], string>> = {
  manySpeak: {
    1: 'Many people are speaking: live text updates less often. Nothing is lost.',
    2: 'Many people are speaking: live text updates much less often. Nothing is lost.',
    3: 'Too many people are speaking: text appears only after each utterance. Nothing is lost.',
  },
  slowModel: {
    1: 'Speech recognition is slow: live text updates less often. Nothing is lost.',
    2: 'Speech recognition is slow: live text updates much less often. Nothing is lost.',
    3: 'Speech recognition is slow: text appears only after each utterance. Nothing is lost.',
  },
  finalsWait: {
    1: 'Speech recognition is behind: live text updates less often, and captions arrive later.',
    2: 'Speech recognition is behind: live text updates much less often, and captions arrive later.',
    3: 'Speech recognition is overloaded: text appears only after each utterance, and later.',
  },
};

/** Interval of interims without load, in modes that have them. */
const USUAL_INTERVAL_MS = 300;

/** Description of a load level for people; undefined for normal load. */
export function degradationOf({ level, reason, interimIntervalMs }: Load): TranscriptionDegradation | undefined {
  if (level === 0) return undefined;
  const told = Math.min(3, level) as TranscriptionDegradation['level'];
  return {
    level: told,
    reason: SENTENCES[reason === 'recovered' ? 'manySpeak' : reason][told],
    interimIntervalFactor:
      level >= NO_INTERIMS || interimIntervalMs === null
        ? null
        : Math.max(1, Math.round(interimIntervalMs / USUAL_INTERVAL_MS)),
  };
}

/** Converts a model for the wire. */
export function wireModelOf({ profile, source }: ResolvedModel): TranscriptionStatus['model'] {
  return { name: profile.name, demo: profile.demo, source, languages: [...languagesOf(profile)] };
}

/** Converts the recogniser's state for the wire; `model` is the model for finals, and its reason comes from the start. */
export function transcriptionStatusOf(options: {
  status: RecognizerStatus;
  load: Load;
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
