import type { Segment } from '@parley/client-sdk/protocol';
import { comparableWords } from '@parley/media/testing';
import type { Meeting, Span, Utterance } from '../meeting/Meeting.js';
import type { MeetingRecording, RecordedSpeaker } from '../meeting/MeetingRecording.js';
import { countErasedWords } from './countErasedWords.js';
import { percentile } from './percentile.js';
import { commonWords, wordEdits } from './words.js';
import { findSeenWords, type SpokenWord } from './wordToVisible.js';

/** How well a recording matches its script. Rates are shares (0.05 is five of a hundred words). */
export interface MeetingScore {
  meeting: string;
  durationS: number;
  wer: number;
  speakers: SpeakerScore[];
  /** From the true end of the words in the audio to the arrival of their final at the listener. */
  speechEndToFinalMs: Percentiles;
  /** From the true start of the words to their first text, interim or final, at the listener. */
  speechStartToInterimMs: Percentiles;
  /**
   * From the true end of each word to the first text, interim or final, that has it at its place. Words that never became
   * visible are left out; null for a script without word times.
   */
  wordToVisibleMs: Percentiles;
  /**
   * Words that became visible, each time they did, and how many of them were gone in the next text of their segment. `share` is the erased
   * of the shown.
   */
  erasedVisibleWords: { shown: number; erased: number; share: number };
  /** Updates that erased at least one visible word. */
  visibleRevisions: number;
  /** Utterances with less than half of their words in finals of their time. */
  missedUtterances: number;
  /** Finals at a time when nobody said these words. */
  finalsInSilence: number;
  /** Finals under the name of someone who was silent, with the words of someone else who spoke. */
  misattributed: number;
}

export interface SpeakerScore {
  name: string;
  words: number;
  wer: number;
  finals: number;
}

/** Null if there was nothing to measure. */
export interface Percentiles {
  p50: number | null;
  p95: number | null;
}

/** How far a final may reach beyond the words before it counts as text in silence. */
const SILENCE_TOLERANCE_MS = 300;
/** Overlap that a segment needs with an utterance for its text to count as the utterance's. */
const LEAST_OVERLAP_MS = 100;
/** The end of an utterance: the final that covers most of it is used for its latency. */
const UTTERANCE_TAIL_MS = 500;

/** A segment on the time line of the script. */
interface Placed {
  id: string;
  participantId: string;
  startMs: number;
  endMs: number;
  words: string[];
  /** Also on the script's time line, milliseconds. */
  arrivedAtMs: number;
}

/** Compares a recording with its script. Pure: the same input always gives the same score. */
export function scoreMeeting(meeting: Meeting, recording: MeetingRecording): MeetingScore {
  const { visible, finals } = placeSegments(recording);
  const endLatencies: number[] = [];
  const startLatencies: number[] = [];
  const wordLatencies: number[] = [];
  const speakers: SpeakerScore[] = [];
  let edits = 0;
  let words = 0;
  let missedUtterances = 0;
  let finalsInSilence = 0;
  let misattributed = 0;

  for (const { name } of meeting.speakers) {
    const recorded = recording.speakers.find((speaker) => speaker.name === name);
    const participantId = recorded?.participantId;
    const utterances = meeting.utterances.filter(({ speaker }) => speaker === name);
    const own = finals.filter((final) => final.participantId === participantId);
    const seen = visible.filter((segment) => segment.participantId === participantId);
    const script = utterances.flatMap(({ text }) => comparableWords(text));
    const speakerEdits = wordEdits(
      script,
      own.flatMap((final) => final.words),
    );
    edits += speakerEdits;
    words += script.length;
    speakers.push({ name, words: script.length, wer: rate(speakerEdits, script.length), finals: own.length });

    for (const [index, utterance] of utterances.entries()) {
      const spoken = recorded?.spoken[index] ?? utterance;
      if (isMissed(utterance, own)) missedUtterances += 1;
      const final = finalOfTail(spoken, own);
      if (final !== undefined) endLatencies.push(final.arrivedAtMs - spoken.endMs - lagAt(spoken.endMs, recorded));
      const first = seen.find((segment) => overlapMs(segment, spoken) >= LEAST_OVERLAP_MS);
      if (first !== undefined)
        startLatencies.push(first.arrivedAtMs - spoken.startMs - lagAt(spoken.startMs, recorded));
    }
    for (const { word, arrivedAtMs } of findSeenWords(utterances.flatMap(spokenWords), seen)) {
      wordLatencies.push(arrivedAtMs - word.endMs - lagAt(word.endMs, recorded));
    }
  }

  const nameOf = new Map(recording.speakers.map(({ participantId, name }) => [participantId, name]));
  for (const final of finals) {
    const near = meeting.utterances.filter((utterance) => overlapMs(final, utterance) > -SILENCE_TOLERANCE_MS);
    if (near.some(({ speaker }) => speaker === nameOf.get(final.participantId))) continue;
    if (near.some((utterance) => holdsMostOf(final.words, comparableWords(utterance.text)))) misattributed += 1;
    else finalsInSilence += 1;
  }

  const { shown, erased, revisions } = countErasedWords(recording.events);
  return {
    meeting: meeting.name,
    durationS: meeting.durationMs / 1_000,
    wer: rate(edits, words),
    speakers,
    speechEndToFinalMs: percentiles(endLatencies),
    speechStartToInterimMs: percentiles(startLatencies),
    wordToVisibleMs: percentiles(wordLatencies),
    erasedVisibleWords: { shown, erased, share: rate(erased, shown) },
    visibleRevisions: revisions,
    missedUtterances,
    finalsInSilence,
    misattributed,
  };
}

/** All texts that showed words, in order of arrival, and the finals among them, in order of speaking, each once. */
function placeSegments(recording: MeetingRecording): { visible: Placed[]; finals: Placed[] } {
  const starts = new Map(recording.speakers.map(({ participantId, startedAtMs }) => [participantId, startedAtMs]));
  const firstStart = Math.min(...starts.values());
  const place = (segment: Segment, arrivedAtMs: number): Placed => {
    const scriptStart = starts.get(segment.participantId) ?? firstStart;
    const shift = recording.meetingStartedAtMs - scriptStart;
    return {
      id: segment.id,
      participantId: segment.participantId,
      startMs: segment.startMs + shift,
      endMs: segment.endMs + shift,
      words: comparableWords(segment.text),
      arrivedAtMs: arrivedAtMs - scriptStart,
    };
  };
  const visible: Placed[] = [];
  const finals = new Map<string, Placed>();
  for (const event of recording.events) {
    if (event.kind !== 'updated') continue;
    const placed = place(event.segment, event.arrivedAtMs);
    if (placed.words.length === 0) continue;
    visible.push(placed);
    if (event.segment.status === 'final' && !finals.has(placed.id)) finals.set(placed.id, placed);
  }
  return {
    visible: visible.sort((a, b) => a.arrivedAtMs - b.arrivedAtMs),
    finals: [...finals.values()].sort((a, b) => a.startMs - b.startMs),
  };
}

/** The words of an utterance with their times; none if the script does not have them. */
function spokenWords({ text, words }: Utterance): SpokenWord[] {
  const texts = comparableWords(text);
  return (words ?? []).map((span, index) => ({ ...span, text: texts[index] ?? '' }));
}

function isMissed(utterance: Utterance, finals: readonly Placed[]): boolean {
  const heard = finals.filter((final) => overlapMs(final, utterance) > 0).flatMap(({ words }) => words);
  const spoken = comparableWords(utterance.text);
  return commonWords(spoken, heard) * 2 < spoken.length;
}

function finalOfTail(spoken: Span, finals: readonly Placed[]): Placed | undefined {
  const tail = {
    startMs: Math.max(spoken.startMs, spoken.endMs - UTTERANCE_TAIL_MS),
    endMs: spoken.endMs,
  };
  const candidates = finals.filter((final) => overlapMs(final, tail) > 0);
  return candidates.sort((a, b) => overlapMs(b, tail) - overlapMs(a, tail) || a.arrivedAtMs - b.arrivedAtMs)[0];
}

/** How late the browser was at a point of a track. */
function lagAt(trackMs: number, recorded: RecordedSpeaker | undefined): number {
  return recorded?.lag.findLast((lag) => lag.trackMs <= trackMs)?.lagMs ?? 0;
}

/** Negative: the distance between the two. */
function overlapMs(a: Span, b: Span): number {
  return Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs);
}

function holdsMostOf(heard: readonly string[], spoken: readonly string[]): boolean {
  return commonWords(heard, spoken) * 2 >= heard.length;
}

function rate(edits: number, words: number): number {
  return edits / Math.max(1, words);
}

function percentiles(values: readonly number[]): Percentiles {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}
