import type { Segment } from '../protocol/index.js';
import { escapeMarkup, oneLine } from './formats.js';
import type { TranscriptView } from './TranscriptView.js';

export interface TextTrackOptions {
  element: HTMLMediaElement;
  transcript: TranscriptView;
  /**
   * `meetingStartedAtMs` of the join, for an element that plays the meeting live. Cues are then placed at the current playback position: a
   * final arrives when its words are over, and is shown from then on for as long as they took. Without it, the element plays a recording
   * that begins with the meeting, and all finals are placed at their own times.
   */
  meetingStartedAtMs?: number;
  /** Added to the times of all cues, in ms, e.g. if a recording begins before the meeting. Default 0. */
  offsetMs?: number;
  /** Name of the track in the player. Default `Captions`. */
  label?: string;
  /** BCP 47 code, if everyone speaks the same language. Default: none. */
  language?: string;
  /** Text of gaps. Default: gaps are not shown. */
  gapText?: (segment: Segment) => string;
}

/** Minimum duration of a cue that is shown late, so that it can be read. */
const SHORTEST_LATE_CUE_MS = 1_500;

/** Media elements cannot remove a track of this kind, so released tracks are reused. */
const spareTracks = new WeakMap<HTMLMediaElement, TextTrack[]>();

/**
 * Shows the finals of a transcript as cues of a media element, in the player's own captions. Speakers are WebVTT voices (`::cue(v)`).
 *
 * @example
 * const unbind = bindTextTrack({ element: video, transcript: client.transcript });
 *
 * @returns a function that removes all cues and ends the binding; idempotent
 */
export function bindTextTrack(options: TextTrackOptions): () => void {
  const { element, transcript, meetingStartedAtMs, offsetMs = 0, label = 'Captions', language = '' } = options;
  const track = takeTrack({ element, label, language });
  const cues = new Map<string, VTTCue>();

  const timesOf = ({ startMs, endMs }: Segment): { fromMs: number; toMs: number } => {
    if (meetingStartedAtMs === undefined) return { fromMs: startMs + offsetMs, toMs: endMs + offsetMs };
    const elementMs = element.currentTime * 1_000;
    const durationMs = endMs - startMs;
    // A final's words are over when it arrives. With a slow clock they seem not to be, and the cue would be placed where it is never
    // played.
    const saidMs = Math.min(0, meetingStartedAtMs + endMs - Date.now());
    const toMs = elementMs + offsetMs + saidMs;
    if (toMs > elementMs) return { fromMs: toMs - durationMs, toMs };
    return { fromMs: elementMs, toMs: elementMs + Math.max(SHORTEST_LATE_CUE_MS, durationMs) };
  };
  const add = (segment: Segment) => {
    const text = textOf(segment, options.gapText);
    if (segment.status === 'interim' || text === '' || cues.has(segment.id)) return;
    const { fromMs, toMs } = timesOf(segment);
    // The cue would end before the element begins.
    if (toMs <= 0) return;
    const from = Math.max(0, fromMs) / 1_000;
    const cue = new VTTCue(from, Math.max(from + 0.001, toMs / 1_000), voiced(segment.displayName, text));
    cue.id = segment.id;
    cues.set(segment.id, cue);
    track.addCue(cue);
  };
  const clear = () => {
    for (const cue of cues.values()) track.removeCue(cue);
    cues.clear();
  };

  // On a live element, earlier segments have no place.
  const isLive = meetingStartedAtMs !== undefined;
  if (!isLive) for (const segment of transcript.getSnapshot()) add(segment);
  const off = [
    transcript.on('segmentUpdated', ({ segment, live }) => {
      if (live || !isLive) add(segment);
    }),
    transcript.on('cleared', clear),
  ];
  let bound = true;
  return () => {
    if (!bound) return;
    bound = false;
    for (const each of off) each();
    clear();
    track.mode = 'disabled';
    spareTracks.set(element, [...(spareTracks.get(element) ?? []), track]);
  };
}

function takeTrack(options: { element: HTMLMediaElement; label: string; language: string }): TextTrack {
  const { element, label, language } = options;
  const spare = spareTracks.get(element) ?? [];
  const index = spare.findIndex((each) => each.label === label && each.language === language);
  const track = spare[index] ?? element.addTextTrack('captions', label, language);
  if (index >= 0) spareTracks.set(element, spare.toSpliced(index, 1));
  track.mode = 'showing';
  return track;
}

function textOf(segment: Segment, gapText: TextTrackOptions['gapText']): string {
  return oneLine(segment.status === 'gap' ? (gapText?.(segment) ?? '') : segment.text);
}

function voiced(name: string, text: string): string {
  return `<v ${escapeMarkup(oneLine(name))}>${escapeMarkup(text)}`;
}
