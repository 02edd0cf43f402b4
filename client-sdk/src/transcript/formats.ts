import type { CommittedSegment, Segment } from '../protocol/index.js';

/** What has come to an end: finals, and gaps, which are part of what happened. Interims may still change. */
type Finished = Pick<Segment, 'displayName' | 'startMs' | 'endMs' | 'text' | 'status'>;

export interface TranscriptFormatOptions {
  /** What stands where speech could not be written down. Default: `[inaudible]`. */
  gapText?: (segment: Finished) => string;
}

/**
 * One line for each segment: time since the start of the meeting, name, text.
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

/** WebVTT (W3C): one cue for each segment, its speaker as the voice. */
export function toVtt(segments: readonly Segment[], options: TranscriptFormatOptions = {}): string {
  const cues = finished(segments).map((segment) => {
    const { start, end } = timesOf(segment, '.');
    return `${start} --> ${end}\n<v ${escapeMarkup(oneLine(segment.displayName))}>${escapeMarkup(oneLine(textOf(segment, options)))}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

/** SubRip: one numbered cue for each segment, the speaker's name before the text. */
export function toSrt(segments: readonly Segment[], options: TranscriptFormatOptions = {}): string {
  return finished(segments)
    .map((segment, index) => {
      const { start, end } = timesOf(segment, ',');
      const line = `${oneLine(segment.displayName)}: ${oneLine(textOf(segment, options))}`;
      // Some players take this for the line with the times, wherever it stands.
      return `${index + 1}\n${start} --> ${end}\n${line.replaceAll('-->', '->')}\n`;
    })
    .join('\n');
}

/** What `toJson` writes. Fields may be added; a change that breaks readers has another `version`. */
export interface TranscriptJson {
  format: 'parley-transcript';
  version: 1;
  segments: Omit<CommittedSegment, 'revision' | 'committedCorrections' | 'stableLength'>[];
}

/**
 * JSON, indented by two spaces, of everything that is known of each segment: times in ms from the meeting's start, words where the
 * recogniser gave them, gaps with their reason. See `TranscriptJson`.
 */
export function toJson(segments: readonly Segment[]): string {
  const transcript: TranscriptJson = {
    format: 'parley-transcript',
    version: 1,
    segments: finished(segments).map(({ revision, committedCorrections, stableLength, ...rest }) => rest),
  };
  return `${JSON.stringify(transcript, null, 2)}\n`;
}

/**
 * Segments that have all words of a question in their text or name: whatever the case and the accents. An empty question finds nothing.
 */
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

/** Segments never change, only give way to newer ones, and a search runs over all of them with each key that is pressed. */
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

function textOf(segment: Finished, { gapText = () => '[inaudible]' }: TranscriptFormatOptions): string {
  return segment.status === 'gap' ? gapText(segment) : segment.text;
}

/** Hours, minutes, seconds and milliseconds; a cue that ends where it begins is shown by no player. */
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

/** A line break would begin something else in every one of these formats. */
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
