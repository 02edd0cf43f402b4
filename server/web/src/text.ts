import type { AudioLedger, ParticipantLedger, Segment, TranscriptionStatus } from '@parley/client-sdk';

/** Time since the meeting's start: 0:07, 12:03, 1:02:03. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Model, device and encoder of the captions. `noEngine` is shown if there is none. */
export function engineText({ model, engine }: Pick<TranscriptionStatus, 'model' | 'engine'>, noEngine: string): string {
  const device = engine.device === 'none' ? noEngine : engine.device.toUpperCase();
  return [model.name, device, ...(engine.encoder === 'onnx' ? ['ONNX'] : [])].join(' · ');
}

/** Splits an interim's text: settled, and still changing. A final is settled completely. */
export function settledText({ status, text, stableLength }: Pick<Segment, 'status' | 'text' | 'stableLength'>): {
  settled: string;
  open: string;
} {
  const length = status === 'interim' ? (stableLength ?? 0) : text.length;
  return { settled: text.slice(0, length), open: text.slice(length) };
}

/** Share of everyone's speech that has become text; undefined before any speech. Speech before a wake phrase does not count. */
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

/** In percent with at most one digit. Never rounded up to 100 while anything is missing. */
export function percentOf(share: number): number {
  return Math.floor(share * 1_000) / 10;
}

/** A share in the format of a language: 97 %. */
export function percentText(share: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(Math.floor(share * 100) / 100);
}

function missingMs({ shedMs }: AudioLedger): number {
  const { asleep: _, offTheRecord: _off, noConsent: _no, ...missing } = shedMs;
  return Object.values(missing).reduce((sum, ms) => sum + ms, 0);
}

/** Splits a list that was entered with commas or line breaks. */
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

/** A colour for each participant, in the order of appearance; eight colours before they repeat. */
export function voiceOf(participantId: string): number {
  const voice = voices.get(participantId) ?? voices.size % VOICES;
  voices.set(participantId, voice);
  return voice;
}

/** Initials on a tile: first letters of the first and last word of the name. */
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

/** Room and secrets from an address such as `/?room=daily#secret=abc`. */
export function invitationOf(address: { search: string; hash: string }): Invitation {
  const secrets = new URLSearchParams(address.hash.replace(/^#/, ''));
  return {
    room: new URLSearchParams(address.search).get('room') ?? '',
    joinSecret: secrets.get('secret') ?? '',
    roomSecret: secrets.get('room-secret') ?? '',
    moderatorKey: secrets.get('moderator') ?? '',
  };
}

/** Address of an invitation to the room. The secrets are in the fragment, which is not sent to servers. */
export function invitationUrl(
  options: { base: string } & Pick<Invitation, 'room' | 'joinSecret'> & Partial<Invitation>,
): string {
  const { base, room, joinSecret, roomSecret = '', moderatorKey = '' } = options;
  const secrets = Object.entries({ secret: joinSecret, 'room-secret': roomSecret, moderator: moderatorKey })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${base}?room=${encodeURIComponent(room)}${secrets.length === 0 ? '' : `#${secrets.join('&')}`}`;
}
