import type { AudioLedger, GapReason, ParticipantLedger, Segment, TranscriptionStatus } from '@parley/client-sdk';

/** Time since the meeting's start as people write it: 0:07, 12:03, 1:02:03. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

const GAP_TEXTS: Record<GapReason, string> = {
  recognizerFailed: 'the recogniser failed at this part',
  recognizerUnavailable: 'the recogniser was not there',
  deadlineExceeded: 'the recogniser was too slow',
  overloaded: 'too much was said at once',
  mediaWorkerLost: 'the server lost this part',
};

/** What stands in the transcript where speech could not be written down. */
export function gapText({ startMs, endMs, reason }: Pick<Segment, 'startMs' | 'endMs' | 'reason'>): string {
  const seconds = Math.max(1, Math.round((endMs - startMs) / 1_000));
  return `${seconds} s of speech are missing: ${reason === undefined ? 'no reason is known' : GAP_TEXTS[reason]}`;
}

/** The small line below the room's name. */
export function engineText({ mode, model, engine }: TranscriptionStatus): string {
  return [mode, model.name, engine.device === 'none' ? 'no engine' : engine.device.toUpperCase()].join(' · ');
}

/** What the big captions show: whoever speaks now, else what was said last. Oldest first, at most `count`. */
export function captionSegments(segments: readonly Segment[], count: number): Segment[] {
  return segments.filter((segment) => segment.status !== 'gap').slice(-count);
}

/** An interim's text in two: what is settled, and what may still change. A final is settled as a whole. */
export function settledText({ status, text, stableLength }: Pick<Segment, 'status' | 'text' | 'stableLength'>): {
  settled: string;
  open: string;
} {
  const length = status === 'interim' ? (stableLength ?? 0) : text.length;
  return { settled: text.slice(0, length), open: text.slice(length) };
}

/** How much of everybody's speech has become text; undefined while nobody has spoken. What was said asleep was not to be written. */
export function coverageOf(ledgers: readonly Pick<ParticipantLedger, 'ledger'>[]): number | undefined {
  let transcribed = 0;
  let missing = 0;
  for (const { ledger } of ledgers) {
    transcribed += ledger.transcribedMs;
    missing += missingMs(ledger);
  }
  const speech = transcribed + missing;
  return speech === 0 ? undefined : transcribed / speech;
}

/** Never rounded up to 100 % while something is missing. */
export function coverageText(coverage: number | undefined): string {
  if (coverage === undefined) return 'Nothing has been said yet.';
  const percent = Math.floor(coverage * 1_000) / 10;
  return `${Number.isInteger(percent) ? percent.toFixed(0) : percent.toFixed(1)} % of speech transcribed`;
}

function missingMs({ shedMs }: AudioLedger): number {
  const { asleep: _, ...missing } = shedMs;
  return Object.values(missing).reduce((sum, ms) => sum + ms, 0);
}

/** The entries of a list that people write with commas or line breaks. */
export function listOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[,\n]/u)
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
  ];
}

const HUES = 8;
const hues = new Map<string, number>();

/** A colour for each participant, in the order in which they appear: eight are told apart before one comes again. */
export function hueOf(participantId: string): number {
  const hue = hues.get(participantId) ?? hues.size % HUES;
  hues.set(participantId, hue);
  return hue;
}

/** Room and secret out of an address such as `/?room=daily#secret=abc`. */
export function invitationOf(address: { search: string; hash: string }): { room: string; joinSecret: string } {
  return {
    room: new URLSearchParams(address.search).get('room') ?? '',
    joinSecret: new URLSearchParams(address.hash.replace(/^#/, '')).get('secret') ?? '',
  };
}
