import type { CommittedSegment, Segment } from '../protocol/index.js';

/** Finals and gaps. Interims are left out, because they may still change. */
type Finished = Pick<Segment, 'displayName' | 'startMs' | 'endMs' | 'text' | 'status' | 'reason'>;

export interface TranscriptFormatOptions {
  /** Text of gaps. Default: `[inaudible]`; if the participant was not to be transcribed, `[off the record]` or `[no consent]`. */
  gapText?: (segment: Finished) => string;
}

/**
 * One line per segment: time since the start of the meeting, name, text.
 *
 * @example
 * toPlainText(client.transcript.getSnapshot()); // '0:07 Ada: Good morning.\n0:12 Ben: Hello.\n'
 */
export function toPlainText(segments: readonly Segment[], options: TranscriptFormatOptions = {}): string {
  return finished(segments)
    .map(
      (segment) => `${clock(segment.startMs)} ${oneLine(segment.displayName)}: ${oneLine(textOf(segment, options))}\n`,
    )
    .join('');
}

/** WebVTT (W3C): one cue per segment, with the speaker as voice. */
export function toVtt(segments: readonly Segment[], options: TranscriptFormatOptions = {}): string {
  const cues = finished(segments).map((segment) => {
    const { start, end } = timesOf(segment, '.');
    return `${start} --> ${end}\n<v ${escapeMarkup(oneLine(segment.displayName))}>${escapeMarkup(oneLine(textOf(segment, options)))}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

/** SubRip: one numbered cue per segment, with the speaker's name before the text. */
export function toSrt(segments: readonly Segment[], options: TranscriptFormatOptions = {}): string {
  return finished(segments)
    .map((segment, index) => {
      const { start, end } = timesOf(segment, ',');
      const line = `${oneLine(segment.displayName)}: ${oneLine(textOf(segment, options))}`;
      // Some players take `-->` for the line with the times, wherever it occurs.
      return `${index + 1}\n${start} --> ${end}\n${line.replaceAll('-->', '->')}\n`;
    })
    .join('\n');
}

/** Result of `toJson`. Fields may be added; an incompatible change increments `version`. */
export interface TranscriptJson {
  format: 'parley-transcript';
  version: 1;
  segments: Omit<CommittedSegment, 'revision' | 'committedCorrections' | 'stableLength'>[];
}

/**
 * Everything known about each segment as JSON, indented by two spaces: times in ms from the start of the meeting, words if the recogniser
 * returned them, gaps with their reason. See `TranscriptJson`.
 */
export function toJson(segments: readonly Segment[]): string {
  const transcript: TranscriptJson = {
    format: 'parley-transcript',
    version: 1,
    segments: finished(segments).map(({ revision, committedCorrections, stableLength, ...rest }) => rest),
  };
  return `${JSON.stringify(transcript, null, 2)}\n`;
}

/** Finds the segments that contain all words of a query in their text or name, ignoring case and accents. An empty query finds nothing. */
export function findSegments(segments: readonly Segment[], question: string): Segment[] {
  const words = plain(question)
    .split(/\s+/u)
    .filter((word) => word !== '');
  if (words.length === 0) return [];
  return segments.filter((segment) => {
    const text = searchableText(segment);
    return words.every((word) => text.includes(word));
  });
}

/** Cached per segment, which is immutable: a search runs over all segments with each key press. */
const searchableTexts = new WeakMap<Segment, string>();

function searchableText(segment: Segment): string {
  const known = searchableTexts.get(segment);
  if (known !== undefined) return known;
  const text = plain(`${segment.displayName} ${segment.text}`);
  searchableTexts.set(segment, text);
  return text;
}

function finished(segments: readonly Segment[]): CommittedSegment[] {
  return segments.filter((segment): segment is CommittedSegment => segment.status !== 'interim');
}

function usualGapText({ reason }: Finished): string {
  if (reason === 'offTheRecord') return '[off the record]';
  return reason === 'noConsent' ? '[no consent]' : '[inaudible]';
}

function textOf(segment: Finished, { gapText = usualGapText }: TranscriptFormatOptions): string {
  return segment.status === 'gap' ? gapText(segment) : segment.text;
}

/** Hours, minutes, seconds and milliseconds. Players do not show a cue of zero length, so a cue lasts at least 1 ms. */
function timesOf({ startMs, endMs }: Finished, mark: '.' | ','): { start: string; end: string } {
  const from = Math.max(0, Math.round(startMs));
  return { start: timestamp(from, mark), end: timestamp(Math.max(from + 1, Math.round(endMs)), mark) };
}

function timestamp(ms: number, mark: string): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const rest = String(ms % 1_000).padStart(3, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}${mark}${rest}`;
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3_600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A line break would start something else in each of these formats. */
export function oneLine(text: string): string {
  return text.replace(/[\s\u2028\u2029\u0085]+/gu, ' ').trim();
}

export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLocaleLowerCase('und');
}
