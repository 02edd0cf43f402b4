import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ErrorCode, Grant, LeaveReason } from '@parley/client-sdk/protocol';
import type { TimeSource } from '@parley/media/process';
import { type DestinationStream, pino } from 'pino';
import type { Identity } from '../auth/Authenticator.js';
import { logFile } from './logFile.js';
import { RepeatFilter } from './RepeatFilter.js';
import type { Rotation } from './RotatingFile.js';

/** The room where it happened. */
interface InMeeting {
  room: string;
  meetingId: string;
  participantId: string;
}

type ModerationAction =
  | 'mute'
  | 'liftMute'
  | 'remove'
  | 'lock'
  | 'unlock'
  | 'end'
  | 'admit'
  | 'refuse'
  | 'waitingRoomOn'
  | 'waitingRoomOff'
  | 'renewRoomSecret'
  | 'deleteTranscript'
  | 'roomOffTheRecord'
  | 'roomOnTheRecord'
  | 'requireConsent';

export type AuditEvent =
  /** `moderatesBy`: how they got that right, if not by their identity. */
  | ({ event: 'joined'; who: string; grants: readonly Grant[]; moderatesBy?: 'opened' | 'key' } & InMeeting)
  /** `code`: why the server ended the connection. */
  | ({ event: 'left'; reason: LeaveReason; code?: ErrorCode } & InMeeting)
  /** A connection or a request that was refused for a missing right. */
  | { event: 'denied'; what: string; code: ErrorCode; who?: string; room?: string }
  /** A connection that the server ended. */
  | { event: 'ended'; code: ErrorCode; who: string }
  /** Number of events of a kind within a minute that were not written. */
  | { event: 'heldBack'; kind: string; count: number }
  /** The server muted or removed somebody who flooded it with media. `limit`: the one that was exceeded. */
  | ({ event: 'floodStopped'; action: 'mute' | 'remove'; limit: string } & InMeeting)
  | ({ event: 'moderated'; action: ModerationAction; of?: string } & InMeeting)
  /** To being transcribed, by the wording of this version. */
  | ({ event: 'consentGiven' | 'consentWithdrawn'; who: string; version: string } & InMeeting)
  /** `settings`: their names. */
  | ({ event: 'roomSettingsChanged'; settings: readonly string[] } & InMeeting)
  /** `by`: the kind of message from the identity provider. */
  | { event: 'signedOut'; by: 'logout' | 'notBefore' | 'introspection'; issuer: string; connections: number }
  | {
      event: 'apiKeyCreated';
      key: string;
      rooms: '*' | readonly string[];
      grants: readonly Grant[];
      expiresAtMs?: number;
    }
  | { event: 'apiKeyRevoked'; key: string }
  | { event: 'tokenMinted'; by: string; token: string; room: string; grants: readonly Grant[]; ttlMs: number }
  /** `of`: who made them. `token`: the only one. `connections`: how many this server ended; absent if the command line revoked them. */
  | { event: 'tokensRevoked'; of: string; token?: string; connections?: number }
  | ({ event: 'exported'; what: string } & InMeeting);

/** Records who did what, for later review. Contains only ids: no names, no text, no tokens. */
export interface AuditLog {
  record(event: AuditEvent): void;
  /** Writes the pending counts. Idempotent. */
  close(): void;
}

/** Used if the audit log is turned off. */
export const NO_AUDIT: AuditLog = { record: () => {}, close: () => {} };

/** Lines per minute for each kind of refusal, so that strangers can neither fill the disk nor bury other events. */
const MOST_REFUSALS = 60;
/** Lines per minute for one person's joins and leaves. More come only from a broken client, or one that wants to fill the disk. */
const MOST_OF_PERSON = 10;
/** Lines per minute for the joins and leaves of all people together. More come only from someone with many made-up names. */
const MOST_JOINS = 600;
const WINDOW_MS = 60_000;

/** Default path, in the data folder. */
export function auditFileOf({ audit, dataDir }: { audit: { file?: string | undefined }; dataDir: string }): string {
  return audit.file ?? join(dataDir, 'audit.log');
}

/** JSON lines with a time each, appended to a file that only its owner can read. */
export function createAuditLog(
  options: ({ file: string; rotation?: Rotation } | { stream: DestinationStream }) & { time?: TimeSource },
): AuditLog {
  const stream = 'stream' in options ? options.stream : logFile(options);
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: () => ({ log: 'audit' }) } },
    stream,
  );
  const write = (event: AuditEvent) => log.info(event);
  const filterOf = (most: number) =>
    new RepeatFilter({
      most,
      windowMs: WINDOW_MS,
      onHeldBack: (held) => write({ event: 'heldBack', ...held }),
      ...(options.time === undefined ? {} : { time: options.time }),
    });
  const refusals = filterOf(MOST_REFUSALS);
  const ofPersons = filterOf(MOST_OF_PERSON);
  const ofAll = filterOf(MOST_JOINS);
  const passes = (event: AuditEvent): boolean => {
    switch (event.event) {
      case 'denied':
        return refusals.passes(`denied ${event.what} ${event.code}`);
      case 'ended':
        return refusals.passes(`ended ${event.code}`);
      case 'joined':
        return ofPersons.passes(`joined ${event.who}`) && ofAll.passes('joined');
      case 'left':
        return ofPersons.passes(`left ${event.participantId}`) && ofAll.passes('left');
      case 'consentGiven':
      case 'consentWithdrawn':
        return ofPersons.passes(`${event.event} ${event.who}`);
      case 'floodStopped':
        return ofPersons.passes(`floodStopped ${event.participantId}`) && ofAll.passes('floodStopped');
      case 'moderated':
        // By whom and to whom: muting thirty people is thirty lines, muting one thirty times is not.
        return ofPersons.passes(`moderated ${event.action} ${event.participantId} ${event.of ?? ''}`);
      case 'tokensRevoked':
        // Single ones are bounded elsewhere, and each has its line.
        return event.token !== undefined || ofPersons.passes(`tokensRevoked ${event.of}`);
      case 'roomSettingsChanged':
        return ofPersons.passes(`roomSettingsChanged ${event.participantId}`);
      default:
        return true;
    }
  };
  return {
    record: (event) => {
      if (passes(event)) write(event);
    },
    close: () => {
      for (const filter of [refusals, ofPersons, ofAll]) filter.flush();
    },
  };
}

/**
 * A stable key of a person across meetings: issuer and subject if an identity provider assigned the subject. A guest's subject is secret,
 * so a digest of it is used.
 */
export function whoOf({ issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): string {
  if (issuer !== 'guest') return `${issuer}#${subject}`;
  return `guest#${createHash('sha256').update(subject).digest('base64url').slice(0, 16)}`;
}
