import { type Grant, type JoinResult, type LatecomersRead, LIMITS, type ResponseOf } from '@parley/client-sdk/protocol';
import type { Identity } from '../auth/Authenticator.js';
import type { Settings } from '../config/settings.js';
import { EVERYTHING, type Meeting, type Reading } from '../meetings/Meeting.js';
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
    if (meeting.participants.length === 0) return EVERYTHING;
    const fromNow = { fromMs: Math.ceil(meeting.elapsedMs), afterSeq: meeting.transcript.lastSeq };
    if (latecomersRead === 'sinceJoin') return fromNow;
    return roster.peers.reduce(
      (most: Reading, { reading }) => (reading.fromMs < most.fromMs ? reading : most),
      fromNow,
    );
  }

  /** What somebody who has come in is told of it. */
  shownTo({ reading: { fromMs } }: Pick<Peer, 'reading'>): Pick<JoinResult, 'latecomersRead' | 'transcriptFromMs'> {
    const { latecomersRead } = this.#options;
    return { latecomersRead, ...(fromMs === 0 ? {} : { transcriptFromMs: fromMs }) };
  }

  /** Whether somebody may ask about the meeting without being in the room: whoever took part, or could read all of it by joining. */
  answers({ identity, grants }: Asker): boolean {
    const { meeting } = this.#options;
    if (grants.has('administer')) return true;
    if (identity !== undefined && meeting.find(meeting.participantIdOf(identity)) !== undefined) return true;
    return this.forNewcomers.fromMs === 0;
  }

  /**
   * The next segments that a peer may read. What they may not read looks like what is no longer stored: `firstSeq` lies behind it, so that
   * nobody asks for it again.
   */
  async page({ reading }: Pick<Peer, 'reading'>, afterSeq: number): Promise<ResponseOf<'resumeTranscript'>> {
    const { transcript } = this.#options.meeting;
    const { transcriptPageSize: limit, transcriptPageBytes: maxBytes } = LIMITS;
    const page = await transcript.page({ afterSeq: Math.max(afterSeq, reading.afterSeq), limit, maxBytes });
    const { segments, lastSeq } = page;
    const readable = segments.filter(({ startMs }) => startMs >= reading.fromMs);
    const [first] = segments;
    if (first === undefined || first === readable[0]) {
      return { segments: readable, firstSeq: page.firstSeq && Math.max(page.firstSeq, reading.afterSeq + 1), lastSeq };
    }
    const firstSeq = readable[0]?.seq ?? (segments.at(-1) ?? first).seq + 1;
    return { segments: readable, firstSeq, lastSeq };
  }
}

/** What those may read who come late into a room. */
export function latecomersReadOf({ rooms, latecomersRead }: Settings, name: string): LatecomersRead {
  return (Object.hasOwn(rooms, name) ? rooms[name]?.latecomersRead : undefined) ?? latecomersRead;
}
