import type { GapReason, NameSource, Segment } from '@parley/client-sdk/protocol';
import type { PipelineEvent } from '@parley/media/node';

type TextEvent = Extract<PipelineEvent, { type: 'interimUpdated' | 'final' | 'gap' }>;

/** Converts a pipeline's segment for the wire, with the name of the participant whose track it came from. */
export function segmentOf(options: {
  event: TextEvent;
  speaker: { participantId: string; displayName: string; nameSource: NameSource; track: string };
  /** The participant of `alsoOnTrackId`. */
  alsoHeardFrom?: { participantId: string; displayName: string } | undefined;
  meetingId: string;
}): Omit<Segment, 'status' | 'seq'> {
  const { event, speaker, alsoHeardFrom, meetingId } = options;
  const { id, startMs, endMs, revision } = event.segment;
  const common = {
    id,
    meetingId,
    participantId: speaker.participantId,
    displayName: speaker.displayName,
    nameSource: speaker.nameSource,
    track: speaker.track,
    startMs: Math.round(startMs),
    endMs: Math.round(endMs),
    revision,
  };
  if (event.type === 'gap') {
    return { ...common, text: '', language: event.language, confidence: 0, reason: event.reason satisfies GapReason };
  }
  const { hypothesis } = event;
  return {
    ...common,
    text: hypothesis.text,
    language: hypothesis.language,
    languageProbability: Number(hypothesis.languageProbability.toFixed(3)),
    confidence: Number(hypothesis.confidence.toFixed(3)),
    ...(event.type === 'interimUpdated'
      ? { stableLength: event.stableLength }
      : {
          committedCorrections: event.committedCorrections,
          ...(alsoHeardFrom === undefined ? {} : { alsoHeardFrom }),
        }),
    ...(hypothesis.words === undefined
      ? {}
      : {
          words: hypothesis.words.map((word) => ({
            text: word.text,
            startMs: Math.round(startMs + word.startMs),
            endMs: Math.round(startMs + word.endMs),
            probability: Number(word.probability.toFixed(3)),
          })),
        }),
  };
}
