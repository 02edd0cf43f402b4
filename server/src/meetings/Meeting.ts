import { createHmac, randomBytes } from 'node:crypto';
import { systemTime, type TimeSource } from '@parley/media';
import type { Identity } from '../auth/Authenticator.js';
import type { Logger } from '../observability/logger.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import { LedgerBook } from './LedgerBook.js';
import { Transcript } from './Transcript.js';
import { withinLimit } from './withinLimit.js';

export interface MeetingOptions {
  /** Default: a new meeting. */
  meetingId?: string;
  /** Name of the room in which it takes place. */
  room: string;
  store: TranscriptStore;
  logger: Logger;
  time?: TimeSource | undefined;
  /** Unix time. */
  wallClock?: () => number;
}

/** Somebody who takes or took part. Outlives their connections: what they agree to belongs here, too. */
export interface MeetingParticipant {
  readonly participantId: string;
  /** As they were called when they last came in. */
  readonly displayName: string;
  /** When they first came in, in milliseconds from the start of the meeting. */
  readonly enteredAtMs: number;
}

/** A store that does not take the end of a meeting in by then is left alone. */
const END_LIMIT_MS = 2_000;
/** So many are remembered; those who came last longest ago are forgotten first. */
const MOST_PARTICIPANTS = 10_000;

/**
 * One run of a room: who took part, when, and what was said. Owns nothing that runs, so it lives on while no room is open and can be
 * read without one. A second room that is opened on it goes on with the same participants, clock and `seq`.
 */
export class Meeting {
  readonly meetingId: string;
  readonly room: string;
  /** Unix time. */
  readonly startedAtMs: number;
  /** The same moment on the monotonic clock. */
  readonly startedAtMonotonicMs: number;
  readonly transcript: Transcript;
  /** What became of everybody's audio. */
  readonly ledgers = new LedgerBook();
  readonly #time: TimeSource;
  readonly #store: TranscriptStore;
  readonly #logger: Logger;
  /** Of the ids of participants. */
  readonly #key = randomBytes(32);
  readonly #participants = new Map<string, MeetingParticipant>();
  #epoch = 0;
  #ending: Promise<void> | undefined;

  private constructor(options: MeetingOptions & { meetingId: string }, transcript: Transcript) {
    const { meetingId, room, store, logger, time = systemTime, wallClock = Date.now } = options;
    this.meetingId = meetingId;
    this.room = room;
    this.startedAtMs = wallClock();
    this.startedAtMonotonicMs = time.now();
    this.transcript = transcript;
    this.#time = time;
    this.#store = store;
    this.#logger = logger;
  }

  /** Begins a meeting, or goes on with what the store has of it. Does not fail where the store does: what is said is kept for it. */
  static async open(options: MeetingOptions): Promise<Meeting> {
    const { meetingId = `m_${randomBytes(12).toString('base64url')}`, store, time } = options;
    const logger = options.logger.child({ meetingId });
    const transcript = await Transcript.open({ meetingId, store, logger, time });
    return new Meeting({ ...options, meetingId, logger }, transcript);
  }

  /** Milliseconds since its start. */
  get elapsedMs(): number {
    return this.#time.now() - this.startedAtMonotonicMs;
  }

  /** The same for the same person throughout the meeting. Says nothing of the subject, and is another one in the next meeting. */
  participantIdOf({ issuer, subject }: Identity): string {
    const who = JSON.stringify([issuer, subject]);
    return `p_${createHmac('sha256', this.#key).update(who).digest('base64url').slice(0, 16)}`;
  }

  /** Somebody takes part from now on, or comes back. */
  enter(identity: Identity): MeetingParticipant {
    const participantId = this.participantIdOf(identity);
    const enteredAtMs = this.#participants.get(participantId)?.enteredAtMs ?? Math.round(this.elapsedMs);
    const participant = { participantId, displayName: identity.displayName, enteredAtMs };
    this.#participants.delete(participantId);
    this.#participants.set(participantId, participant);
    const [longestAgo] = this.#participants.keys();
    if (this.#participants.size > MOST_PARTICIPANTS && longestAgo !== undefined) this.#participants.delete(longestAgo);
    return participant;
  }

  /** Everybody who took part, whether they are still there or not. */
  get participants(): readonly MeetingParticipant[] {
    return [...this.#participants.values()];
  }

  /** Of one more track: part of the ids of its segments, so that no two tracks of a meeting share one. */
  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  /** It is over. Resolves when the store knows, or does not answer. Idempotent. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    await this.transcript.flush();
    await withinLimit({ work: this.#store.end(this.meetingId), limitMs: END_LIMIT_MS, time: this.#time }).catch(
      (error: unknown) => this.#logger.warn({ err: error }, 'the store did not end a meeting'),
    );
    this.#logger.info({ segments: this.transcript.lastSeq, participants: this.#participants.size }, 'meeting ended');
  }
}
