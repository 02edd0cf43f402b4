import { type Grant, type JoinResult, type LatecomersRead, LIMITS, type ResponseOf } from '@parley/client-sdk/protocol';
import type { Identity } from '../auth/Authenticator.js';
import type { Settings } from '../config/settings.js';
import type { Meeting, Reading } from '../meetings/Meeting.js';
import type { Peer } from './Peer.js';
import type { Roster } from './Roster.js';

export interface ReadersOptions {
  meeting: Meeting;
  roster: Roster;
  latecomersRead: LatecomersRead;
}

/** Somebody outside of the room, or a program, who asks about the meeting. */
export interface Asker {
  /** Absent: an API key. */
  identity?: Identity | undefined;
  grants: ReadonlySet<Grant>;
}

/**
 * Who may read how much of a meeting's transcript. It is settled when somebody joins for the first time, and holds for the meeting: who
 * was there can come back and read on. A newcomer gets at most what somebody in the room may read, so an empty room gives away nothing, and
 * two newcomers gain nothing by coming together.
 */
export class Readers {
  readonly #options: ReadersOptions;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** What somebody may read who comes in now for the first time. */
  get forNewcomers(): Reading {
    const { meeting, roster, latecomersRead } = this.#options;
    if (meeting.participants.length === 0) return meeting.beginning;
    const fromNow = { fromMs: Math.ceil(meeting.elapsedMs), afterSeq: meeting.transcript.lastSeq };
    if (latecomersRead === 'sinceJoin') return fromNow;
    return roster.peers.reduce(
      (most: Reading, { reading }) => (reading.fromMs < most.fromMs ? reading : most),
      fromNow,
    );
  }

  /** What somebody who has come in is told of it. */
  shownTo(peer: Pick<Peer, 'reading'>): Pick<JoinResult, 'latecomersRead' | 'transcriptFromMs'> {
    const { latecomersRead } = this.#options;
    const { fromMs } = this.#readingOf(peer);
    return { latecomersRead, ...(fromMs === 0 ? {} : { transcriptFromMs: fromMs }) };
  }

  /** Whether somebody may ask about the meeting without being in the room: whoever took part, or could read all of it by joining. */
  answers({ identity, grants }: Asker): boolean {
    const { meeting } = this.#options;
    if (grants.has('administer')) return true;
    if (identity !== undefined && meeting.find(meeting.participantIdOf(identity)) !== undefined) return true;
    return this.forNewcomers.fromMs <= meeting.beginning.fromMs;
  }

  /**
   * The next segments that a peer may read. What they may not read looks like what is no longer stored: `firstSeq` lies behind it, so that
   * nobody asks for it again.
   */
  async page(peer: Pick<Peer, 'reading'>, afterSeq: number): Promise<ResponseOf<'resumeTranscript'>> {
    const { transcript } = this.#options.meeting;
    const { transcriptPageSize: limit, transcriptPageBytes: maxBytes } = LIMITS;
    const from = Math.max(afterSeq, this.#readingOf(peer).afterSeq);
    const { segments, firstSeq, lastSeq } = await transcript.page({ afterSeq: from, limit, maxBytes });
    // Only now: it may have been deleted meanwhile.
    const reading = this.#readingOf(peer);
    const readable = segments.filter(({ startMs }) => startMs >= reading.fromMs);
    /** What follows `afterSeq` is missing up to here. */
    const missingUpTo = readable[0] === undefined ? (segments.at(-1)?.seq ?? lastSeq) : readable[0].seq - 1;
    const oldest = lastSeq === 0 ? 0 : Math.max(firstSeq, reading.afterSeq + 1);
    return { segments: readable, firstSeq: missingUpTo > afterSeq ? missingUpTo + 1 : oldest, lastSeq };
  }

  /** Deletes what was said so far, and tells everybody. @throws what the store rejects with, or that it did not answer in time */
  async deleteTranscript(): Promise<void> {
    const { meeting, roster } = this.#options;
    const deleting = meeting.deleteTranscript();
    roster.tellAll('transcriptDeleted', { beforeMs: meeting.beginning.fromMs });
    await deleting;
  }

  /** What was deleted is for nobody. */
  #readingOf({ reading }: Pick<Peer, 'reading'>): Reading {
    const { beginning } = this.#options.meeting;
    return reading.fromMs < beginning.fromMs ? beginning : reading;
  }
}

/** What those may read who come late into a room. */
export function latecomersReadOf({ rooms, latecomersRead }: Settings, name: string): LatecomersRead {
  return (Object.hasOwn(rooms, name) ? rooms[name]?.latecomersRead : undefined) ?? latecomersRead;
}
