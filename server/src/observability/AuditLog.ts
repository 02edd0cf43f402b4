import { createHash } from 'node:crypto';
import type { ErrorCode, Grant, LeaveReason } from '@parley/client-sdk/protocol';
import { type DestinationStream, destination, pino } from 'pino';
import type { Identity } from '../auth/Authenticator.js';

/** Where something happened. */
interface InMeeting {
  room: string;
  meetingId: string;
  participantId: string;
}

export type AuditEvent =
  | ({ event: 'joined'; who: string; grants: readonly Grant[] } & InMeeting)
  | ({ event: 'left'; reason: LeaveReason } & InMeeting)
  /** A connection or a request that was refused for want of a right. */
  | { event: 'denied'; what: string; code: ErrorCode; who?: string; room?: string }
  | ({ event: 'moderated'; action: 'mute' | 'remove' | 'lock' | 'unlock' | 'end'; of?: string } & InMeeting)
  | { event: 'signedOut'; issuer: string; connections: number }
  | { event: 'tokenMinted'; by: string; room: string; grants: readonly Grant[]; ttlMs: number }
  | ({ event: 'exported'; what: string } & InMeeting);

/** Who did what, for those who must be able to tell later. Ids only: no names, no text, no tokens. */
export interface AuditLog {
  record(event: AuditEvent): void;
}

/** For those who do not want one. */
export const NO_AUDIT: AuditLog = { record: () => {} };

/** JSON lines, each with its time, at the end of a file that only its owner reads. */
export function createAuditLog(options: { file: string } | { stream: DestinationStream }): AuditLog {
  const stream =
    'stream' in options ? options.stream : destination({ dest: options.file, mkdir: true, sync: false, mode: 0o600 });
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: () => ({ log: 'audit' }) } },
    stream,
  );
  return { record: (event) => log.info(event) };
}

/**
 * Somebody across meetings: issuer and subject where an identity provider made the subject; of guests, whose subject is their secret, a
 * digest of it.
 */
export function whoOf({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): string {
  if (issuer !== 'guest') return `${issuer}#${subject}`;
  return `guest#${createHash('sha256').update(subject).digest('base64url').slice(0, 16)}`;
}
