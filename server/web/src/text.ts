import type { AudioLedger, ParticipantLedger, Segment, TranscriptionStatus } from '@parley/client-sdk';

/** Time since the meeting's start as people write it: 0:07, 12:03, 1:02:03. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The model, the device and who encodes, behind the captions. `noEngine` stands where there is none. */
export function engineText({ model, engine }: Pick<TranscriptionStatus, 'model' | 'engine'>, noEngine: string): string {
  const device = engine.device === 'none' ? noEngine : engine.device.toUpperCase();
  return [model.name, device, ...(engine.encoder === 'onnx' ? ['ONNX'] : [])].join(' · ');
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

/** In percent with one digit at most. Never rounded up to 100 while something is missing. */
export function percentOf(share: number): number {
  return Math.floor(share * 1_000) / 10;
}

/** A share as people of a language write it: 97 %. */
export function percentText(share: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(Math.floor(share * 100) / 100);
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
        .split(/[,،\n]/u)
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
  ];
}

const VOICES = 8;
const voices = new Map<string, number>();

/** A colour for each participant, in the order in which they appear: eight are told apart before one comes again. */
export function voiceOf(participantId: string): number {
  const voice = voices.get(participantId) ?? voices.size % VOICES;
  voices.set(participantId, voice);
  return voice;
}

/** What stands on a tile: the first letters of the first and the last word of a name. */
export function initialsOf(displayName: string): string {
  const words = displayName.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const ends = words.length > 1 ? [words.at(0), words.at(-1)] : words;
  return ends.map((word) => /[\p{L}\p{N}]/u.exec(word ?? '')?.[0]?.toLocaleUpperCase() ?? '').join('');
}

/** What an invitation holds; empty for what it does not. */
export interface Invitation {
  room: string;
  /** Of the server. */
  joinSecret: string;
  /** Of the meeting. */
  roomSecret: string;
  moderatorKey: string;
}

/** Room and secrets out of an address such as `/?room=daily#secret=abc`. */
export function invitationOf(address: { search: string; hash: string }): Invitation {
  const secrets = new URLSearchParams(address.hash.replace(/^#/, ''));
  return {
    room: new URLSearchParams(address.search).get('room') ?? '',
    joinSecret: secrets.get('secret') ?? '',
    roomSecret: secrets.get('room-secret') ?? '',
    moderatorKey: secrets.get('moderator') ?? '',
  };
}

/** The address that brings somebody else into the same room. The secrets stand where no server sees them. */
export function invitationUrl(
  options: { origin: string } & Pick<Invitation, 'room' | 'joinSecret'> & Partial<Invitation>,
): string {
  const { origin, room, joinSecret, roomSecret = '', moderatorKey = '' } = options;
  const secrets = Object.entries({ secret: joinSecret, 'room-secret': roomSecret, moderator: moderatorKey })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${origin}/?room=${encodeURIComponent(room)}${secrets.length === 0 ? '' : `#${secrets.join('&')}`}`;
}
