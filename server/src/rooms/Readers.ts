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

/** A person outside the room, or a program, that asks about the meeting. */
export interface Asker {
  /** Absent for API keys. */
  identity?: Identity | undefined;
  grants: ReadonlySet<Grant>;
}

/**
 * Who may read how much of a meeting's transcript. Decided when a participant joins for the first time, and valid for the whole meeting:
 * they can come back and read on. Newcomers may read at most what someone in the room may read. So an empty room reveals nothing, and two
 * newcomers gain nothing by joining together.
 */
export class Readers {
  readonly #options: ReadersOptions;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** What a participant may read who joins now for the first time. */
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

  /** The readers' part of the answer to a join. */
  shownTo(peer: Pick<Peer, 'reading'>): Pick<JoinResult, 'latecomersRead' | 'transcriptFromMs'> {
    const { latecomersRead } = this.#options;
    const { fromMs } = this.#readingOf(peer);
    return { latecomersRead, ...(fromMs === 0 ? {} : { transcriptFromMs: fromMs }) };
  }

  /** Whether someone outside the room may ask about the meeting: they took part, or could read all of it by joining. */
  answers({ identity, grants }: Asker): boolean {
    const { meeting } = this.#options;
    if (grants.has('administer')) return true;
    if (identity !== undefined && meeting.find(meeting.participantIdOf(identity)) !== undefined) return true;
    return this.forNewcomers.fromMs <= meeting.beginning.fromMs;
  }

  /**
   * The next segments that a peer may read. Segments that they may not read look as if no longer stored: `firstSeq` lies behind them, so
   * that clients do not ask again.
   */
  async page(peer: Pick<Peer, 'reading'>, afterSeq: number): Promise<ResponseOf<'resumeTranscript'>> {
    const { transcript } = this.#options.meeting;
    const { transcriptPageSize: limit, transcriptPageBytes: maxBytes } = LIMITS;
    const from = Math.max(afterSeq, this.#readingOf(peer).afterSeq);
    const { segments, firstSeq, lastSeq } = await transcript.page({ afterSeq: from, limit, maxBytes });
    // Read only now, because segments may have been deleted in the meantime.
    const reading = this.#readingOf(peer);
    const readable = segments.filter(({ startMs }) => startMs >= reading.fromMs);
    /** Segments after `afterSeq` are missing up to this one. */
    const missingUpTo = readable[0] === undefined ? (segments.at(-1)?.seq ?? lastSeq) : readable[0].seq - 1;
    const oldest = lastSeq === 0 ? 0 : Math.max(firstSeq, reading.afterSeq + 1);
    return { segments: readable, firstSeq: missingUpTo > afterSeq ? missingUpTo + 1 : oldest, lastSeq };
  }

  /** Deletes what was said so far and notifies everyone. @throws the store's error, or a timeout */
  async deleteTranscript(): Promise<void> {
    const { meeting, roster } = this.#options;
    const deleting = meeting.deleteTranscript();
    roster.tellAll('transcriptDeleted', { beforeMs: meeting.beginning.fromMs });
    await deleting;
  }

  /** No one may read what was deleted. */
  #readingOf({ reading }: Pick<Peer, 'reading'>): Reading {
    const { beginning } = this.#options.meeting;
    return reading.fromMs < beginning.fromMs ? beginning : reading;
  }
}

/** What latecomers of a room may read. */
export function latecomersReadOf({ rooms, latecomersRead }: Settings, name: string): LatecomersRead {
  return (Object.hasOwn(rooms, name) ? rooms[name]?.latecomersRead : undefined) ?? latecomersRead;
}
