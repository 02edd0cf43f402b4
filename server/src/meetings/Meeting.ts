import { createHmac, randomBytes } from 'node:crypto';
import { CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';
import type { Identity } from '../auth/Authenticator.js';
import type { Logger } from '../observability/logger.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import { LedgerBook } from './LedgerBook.js';
import { TakenNames } from './TakenNames.js';
import { Transcript } from './Transcript.js';
import { withinLimit } from './withinLimit.js';

export interface MeetingOptions {
  /** Default: a new meeting. */
  meetingId?: string;
  /** Name of the room it takes place in. */
  room: string;
  store: TranscriptStore;
  logger: Logger;
  time?: TimeSource | undefined;
  /** Unix time. */
  wallClock?: () => number;
}

/** What somebody may read of a transcript. */
export interface Reading {
  /** What was said from then on, in milliseconds from the start of the meeting. */
  readonly fromMs: number;
  /** Everything up to this `seq` was said before. */
  readonly afterSeq: number;
}

/** The whole transcript. */
export const EVERYTHING: Reading = { fromMs: 0, afterSeq: 0 };

/** A current or former participant. Outlives their connections, so their consent belongs here. */
export interface MeetingParticipant {
  readonly participantId: string;
  /** Their name when they last joined, as they or their token gave it. */
  readonly givenName: string;
  /** The same, with a number where somebody else in the meeting has or had that name. */
  readonly displayName: string;
  /** When they first joined, in milliseconds from the start of the meeting. */
  readonly enteredAtMs: number;
  readonly reading: Reading;
}

/** Beyond this, those who have not joined for longest are forgotten. */
const MOST_PARTICIPANTS = 10_000;

/**
 * One run of a room: who took part, when, and what was said. Owns nothing that runs, so it lives on while no room is open and can be
 * read without one. A second room opened on it continues with the same participants, clock and `seq`.
 */
export class Meeting {
  readonly meetingId: string;
  readonly room: string;
  /** Unix time. */
  readonly startedAtMs: number;
  /** The same moment on the monotonic clock. */
  readonly #startedAtMonotonicMs: number;
  readonly transcript: Transcript;
  /** What happened to each participant's audio. */
  readonly ledgers = new LedgerBook();
  readonly #time: TimeSource;
  readonly #store: TranscriptStore;
  readonly #logger: Logger;
  /** Keys the hash behind participant ids. */
  readonly #key = randomBytes(32);
  readonly #participants = new Map<string, MeetingParticipant>();
  readonly #names = new TakenNames();
  #epoch = 0;
  #beginning = EVERYTHING;
  #ending: Promise<void> | undefined;

  private constructor(options: MeetingOptions & { meetingId: string }, transcript: Transcript) {
    const { meetingId, room, store, logger, time = systemTime, wallClock = Date.now } = options;
    this.meetingId = meetingId;
    this.room = room;
    this.startedAtMs = wallClock();
    this.#startedAtMonotonicMs = time.now();
    this.transcript = transcript;
    this.#time = time;
    this.#store = store;
    this.#logger = logger;
  }

  /** Begins a meeting, or continues one that the store knows. Succeeds even if the store is down: segments then wait for it. */
  static async open(options: MeetingOptions): Promise<Meeting> {
    const { meetingId = `m_${randomBytes(12).toString('base64url')}`, store, time } = options;
    const logger = options.logger.child({ meetingId });
    const transcript = await Transcript.open({ meetingId, store, logger, time });
    return new Meeting({ ...options, meetingId, logger }, transcript);
  }

  /** Milliseconds since its start. */
  get elapsedMs(): number {
    return this.#time.now() - this.#startedAtMonotonicMs;
  }

  /** The same for the same person throughout the meeting, different in the next one. Reveals nothing about the subject. */
  participantIdOf({ issuer, subject }: Identity): string {
    const who = JSON.stringify([issuer, subject]);
    return `p_${createHmac('sha256', this.#key).update(who).digest('base64url').slice(0, 16)}`;
  }

  /** The same for the same text throughout the meeting, different in the next one. Reveals nothing about the text. */
  digestOf(text: string): string {
    return createHmac('sha256', this.#key).update(`digest ${text}`).digest('base64url').slice(0, 16);
  }

  /** All that is left of the transcript: everything, or what was said since it was deleted. */
  get beginning(): Reading {
    return this.#beginning;
  }

  /**
   * Deletes what was said so far; what is committed of it later is not for anybody, either. Takes effect before the store has answered.
   * @throws what the store rejects with, or that it did not answer in time
   */
  async deleteTranscript(): Promise<void> {
    this.#beginning = { fromMs: Math.ceil(this.elapsedMs), afterSeq: this.transcript.lastSeq };
    await this.transcript.clear();
  }

  /** A current or former participant. */
  find(participantId: string): MeetingParticipant | undefined {
    return this.#participants.get(participantId);
  }

  /**
   * Records that a participant joined, for the first time or again.
   * @param newcomersRead what those may read who join for the first time. Default: everything
   */
  enter(identity: Identity, newcomersRead = EVERYTHING): MeetingParticipant {
    const participantId = this.participantIdOf(identity);
    const { enteredAtMs = Math.round(this.elapsedMs), reading = newcomersRead } = this.find(participantId) ?? {};
    const displayName = this.#nameFor(participantId, identity.displayName);
    const participant = { participantId, givenName: identity.displayName, displayName, enteredAtMs, reading };
    this.#participants.delete(participantId);
    this.#participants.set(participantId, participant);
    const [longestAgo] = this.#participants.values();
    if (this.#participants.size > MOST_PARTICIPANTS && longestAgo !== undefined) {
      this.#participants.delete(longestAgo.participantId);
      this.#names.delete(longestAgo.displayName);
    }
    return participant;
  }

  /**
   * Nobody appears under a name that stands in this meeting's transcript for somebody else. Whoever comes back has the name that they had,
   * however many of that name came since.
   */
  #nameFor(participantId: string, wanted: string): string {
    const before = this.#participants.get(participantId);
    if (before?.givenName === wanted) return before.displayName;
    if (before !== undefined) this.#names.delete(before.displayName);
    return this.#names.take(wanted);
  }

  /** Everybody who took part, present or not. */
  get participants(): readonly MeetingParticipant[] {
    return [...this.#participants.values()];
  }

  /** A number for one more track. It is part of segment ids, so that no two tracks of a meeting share one. */
  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  /** The meeting is over. Resolves when the store has taken note, or does not answer in time. Idempotent. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    await this.transcript.flush();
    await withinLimit({
      work: this.#store.end(this.meetingId),
      limitMs: CLOSE_TIMES.meetingEndMs,
      time: this.#time,
    }).catch((error: unknown) => this.#logger.warn({ err: error }, 'the store did not end a meeting'));
    this.#logger.info({ segments: this.transcript.lastSeq, participants: this.#participants.size }, 'meeting ended');
  }
}
