import type { Clock } from '../process/clock.js';
import type { RecognitionErrorCode, RecognitionKind } from './contract/recognition.js';
import type { SheddingLimits } from './contract/serverLimits.js';
import type { DropReason } from './contract/serverStats.js';

/** What the scheduler needs to know about a job. */
export interface SchedulableJob {
  kind: RecognitionKind;
  meetingId: string;
  trackId: string;
  deadlineAtMs: number;
  /** A final started in a pause, and discarded if speech goes on. */
  speculative?: boolean;
  /** An interim of an utterance of which nothing is shown yet. */
  first?: boolean;
  /** It was in the engine when an ASR process died. Such jobs run one at a time, to find the one that causes it. */
  suspect: boolean;
}

export type RejectionCode = Extract<RecognitionErrorCode, 'DEADLINE_EXCEEDED' | 'OVERLOADED' | 'SUPERSEDED'>;

const CODES: Record<DropReason, RejectionCode> = {
  superseded: 'SUPERSEDED',
  deadline: 'DEADLINE_EXCEEDED',
  queueFull: 'OVERLOADED',
  tooOld: 'OVERLOADED',
  noInterims: 'OVERLOADED',
};

export interface SchedulerOptions<J extends SchedulableJob> {
  clock: Clock;
  /** Engine time that the job will take; 0 = unknown. */
  estimateMs: (job: J) => number;
  /** Share of a running job that is still to do, if known, 0 to 1. Default: 1. */
  remainingShare?: (job: J) => number;
  /** Called for every job that leaves the queue without having been started. */
  onReject: (job: J, code: RejectionCode, reason: DropReason) => void;
  /** Finals that may wait. Default 1,024: enough for a large meeting after the restart of a process. */
  finalsCapacity?: number;
  /** Interims that may wait, one per speaker. Default 1,024. */
  interimsCapacity?: number;
  /** Engine time by which a room or a speaker may be ahead of the least served one before it has to wait. Default 500. */
  fairnessSlackMs?: number;
  /** Default: 16 finals, 30 s, 2 s. */
  shedding?: SheddingLimits;
}

interface Entry<J> {
  job: J;
  /** Key of its speaker. */
  track: string;
  order: number;
  arrivedAtMs: number;
}

/** Engine time given to each room or speaker, on a virtual clock on which idle ones keep up. */
class ServiceLedger {
  readonly #served = new Map<string, number>();
  #virtualMs = 0;

  of(key: string): number {
    return Math.max(this.#served.get(key) ?? 0, this.#virtualMs);
  }

  /** @param ms negative if it took less than it was charged */
  charge(key: string, ms: number): void {
    this.#served.set(key, this.of(key) + ms);
  }

  /** Sets the clock to the least served one that waits. Those behind it were idle and get no credit for that. */
  advanceTo(virtualMs: number): void {
    this.#virtualMs = Math.max(this.#virtualMs, virtualMs);
    for (const [key, served] of this.#served) if (served <= this.#virtualMs) this.#served.delete(key);
  }
}

/** Charged for a job of unknown cost. */
const UNKNOWN_COST_MS = 100;
/** An interim with less than this share left is nearly done. */
const NEARLY_DONE = 0.5;

/**
 * The only queue of a device. Pure logic: the caller brings the time and runs what `next` returns.
 *
 * - Finals before interims.
 * - Within a class, among the rooms that are at most `fairnessSlackMs` of engine time ahead of the least served waiting one, and among
 *   their speakers likewise: the earliest deadline. So a quiet device works by deadline alone, and a busy one gives every room the same
 *   share, however many speakers it has.
 * - Interims of utterances of which nothing is shown yet come first, because other readers already have text; but never twice in a row, so
 *   that every other turn is fair.
 * - One waiting interim per speaker: a newer one, or the final, replaces it (`SUPERSEDED`).
 * - A job whose deadline leaves too little time for its estimate is not started (`DEADLINE_EXCEEDED`). The estimate counts for at most half
 *   of the job's original time, so that a wrong one cannot reject every job for ever.
 * - After a restart, many old finals wait, and all are wanted. Only if more than `keptFinals` wait and the oldest has waited for
 *   `longestWaitMs` does the device have more finals than it can ever do. Some text will be missing then, and a longer queue only delays
 *   the rest. So finals older than `waitWhileSheddingMs` are given up (`OVERLOADED`), until the queue is short.
 * - If the queue of finals is full, the room with the most waiting ones loses its newest (`OVERLOADED`): the room that floods pays, and the
 *   oldest are kept. Between equal rooms, the new job loses.
 */
export class Scheduler<J extends SchedulableJob> {
  readonly #clock: Clock;
  readonly #options: Required<SchedulerOptions<J>>;
  readonly #finals = new Set<Entry<J>>();
  /** Keyed by speaker. */
  readonly #interims = new Map<string, Entry<J>>();
  /** Running jobs, with the engine time they were charged. */
  readonly #running = new Map<J, number>();
  readonly #rooms = new ServiceLedger();
  /** The speakers of each room that has jobs. */
  readonly #tracks = new Map<string, ServiceLedger>();
  #order = 0;
  #shedding = false;
  /** The last interim started was ahead of its turn. */
  #jumped = false;

  constructor(options: SchedulerOptions<J>) {
    this.#clock = options.clock;
    this.#options = {
      finalsCapacity: 1_024,
      interimsCapacity: 1_024,
      fairnessSlackMs: 500,
      shedding: { keptFinals: 16, longestWaitMs: 30_000, waitWhileSheddingMs: 2_000 },
      remainingShare: () => 1,
      ...options,
    };
  }

  get waitingFinals(): number {
    return this.#finals.size;
  }

  get waitingInterims(): number {
    return this.#interims.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Age of the oldest waiting job of each kind; 0 = none is waiting. */
  get oldestWait(): { finalMs: number; interimMs: number } {
    const now = this.#clock();
    const age = (entries: Iterable<Entry<J>>): number => {
      let oldest = now;
      for (const { arrivedAtMs } of entries) oldest = Math.min(oldest, arrivedAtMs);
      return now - oldest;
    };
    return { finalMs: age(this.#finals), interimMs: age(this.#interims.values()) };
  }

  add(job: J): void {
    const track = trackKey(job);
    const entry: Entry<J> = { job, track, order: this.#order++, arrivedAtMs: this.#clock() };
    if (job.deadlineAtMs <= entry.arrivedAtMs) {
      this.#reject(job, 'deadline');
      return;
    }
    if (job.kind === 'interim') {
      const older = this.#interims.get(track);
      if (older === undefined && this.#interims.size >= this.#options.interimsCapacity) {
        this.#reject(job, 'queueFull');
        return;
      }
      this.#interims.set(track, entry);
      if (older !== undefined) this.#reject(older.job, 'superseded');
      return;
    }
    const interim = this.#interims.get(track);
    this.#interims.delete(track);
    this.#finals.add(entry);
    if (interim !== undefined) this.#reject(interim.job, 'superseded');
    if (this.#finals.size > this.#options.finalsCapacity)
      this.#drop(this.#newestOfFullestRoom(job.meetingId), 'queueFull');
  }

  /**
   * The job to start now; the caller must call `finished` for it.
   * @param room for which kinds there is room for one
   */
  next(room: { finals: boolean; interims: boolean } = { finals: true, interims: true }): J | undefined {
    this.expire();
    const final = room.finals ? this.#pick([...this.#finals]) : undefined;
    const entry = final ?? (room.interims ? this.#pickInterim() : undefined);
    if (entry === undefined) return undefined;
    const cost = this.#options.estimateMs(entry.job) || UNKNOWN_COST_MS;
    this.#running.set(entry.job, cost);
    this.#remove(entry);
    this.#charge(entry.job, cost);
    return entry.job;
  }

  /** @param options.engineMs time it really took, for a fair account; default: its estimate */
  finished(job: J, options: { engineMs?: number } = {}): void {
    const charged = this.#running.get(job);
    if (charged !== undefined && options.engineMs !== undefined) this.#charge(job, options.engineMs - charged);
    this.#running.delete(job);
    this.#forgetIfIdle(job.meetingId);
  }

  /** Removes a waiting job without a callback. @returns false if it was not waiting */
  cancel(job: J): boolean {
    for (const entry of this.#entries()) {
      if (entry.job === job) {
        this.#remove(entry);
        return true;
      }
    }
    return false;
  }

  /** Rejects jobs that can no longer be answered in time, and those that are too many. */
  expire(): void {
    const now = this.#clock();
    for (const entry of [...this.#entries()]) {
      const allowance = (entry.job.deadlineAtMs - entry.arrivedAtMs) / 2;
      const needed = Math.min(this.#options.estimateMs(entry.job), allowance);
      if (entry.job.deadlineAtMs - now < needed || entry.job.deadlineAtMs <= now) this.#drop(entry, 'deadline');
    }
    this.#shed(now);
  }

  /** Rejects all waiting interims. */
  dropInterims(): void {
    for (const entry of [...this.#interims.values()]) this.#drop(entry, 'noInterims');
  }

  /**
   * The running interims that may be aborted for waiting finals: only those of the same speakers, whose texts these finals replace anyway.
   * A speculative final may itself be discarded, so it aborts no interim that is nearly done, or that is the first of its utterance.
   */
  preemptable(): J[] {
    if (this.#finals.size === 0) return [];
    const interims = [...this.#running.keys()].filter((job) => job.kind === 'interim');
    if (interims.length === 0) return [];
    const certain = new Set<string>();
    const speculative = new Set<string>();
    for (const { job, track } of this.#finals) (job.speculative === true ? speculative : certain).add(track);
    return interims.filter((job) => {
      const track = trackKey(job);
      if (certain.has(track)) return true;
      return speculative.has(track) && job.first !== true && this.#options.remainingShare(job) >= NEARLY_DONE;
    });
  }

  #shed(now: number): void {
    const { keptFinals, longestWaitMs, waitWhileSheddingMs } = this.#options.shedding;
    if (this.#finals.size <= keptFinals) {
      this.#shedding = false;
      return;
    }
    // A set keeps the order of arrival.
    for (const entry of [...this.#finals]) {
      const age = now - entry.arrivedAtMs;
      if (age > longestWaitMs) this.#shedding = true;
      if (!this.#shedding || age <= waitWhileSheddingMs || this.#finals.size <= keptFinals) return;
      this.#drop(entry, 'tooOld');
    }
  }

  #drop(entry: Entry<J>, reason: DropReason): void {
    this.#remove(entry);
    this.#reject(entry.job, reason);
  }

  #reject(job: J, reason: DropReason): void {
    this.#options.onReject(job, CODES[reason], reason);
  }

  #charge(job: J, ms: number): void {
    this.#rooms.charge(job.meetingId, ms);
    this.#speakersOf(job.meetingId).charge(job.trackId, ms);
  }

  /** @param options.all these are all the waiting jobs of their kind, so those behind the least served one were idle. Default: yes */
  #pick(entries: readonly Entry<J>[], options: { all: boolean } = { all: true }): Entry<J> | undefined {
    const suspectRuns = [...this.#running.keys()].some((job) => job.suspect);
    let candidates = entries.filter((entry) => !suspectRuns || !entry.job.suspect);
    if (candidates.length === 0) return undefined;
    candidates = this.#fair(candidates, { ...options, ledger: this.#rooms, keyOf: (job) => job.meetingId });
    candidates = [...new Set(candidates.map((entry) => entry.job.meetingId))].flatMap((meetingId) =>
      this.#fair(
        candidates.filter((entry) => entry.job.meetingId === meetingId),
        { ...options, ledger: this.#speakersOf(meetingId), keyOf: (job) => job.trackId },
      ),
    );
    return candidates.reduce((best, entry) => (isBefore(entry, best) ? entry : best));
  }

  #pickInterim(): Entry<J> | undefined {
    const entries = [...this.#interims.values()];
    const usual = this.#pick(entries);
    const mayJump = !this.#jumped && usual?.job.first !== true;
    const firsts = mayJump ? entries.filter(({ job }) => job.first === true) : [];
    const first = this.#pick(firsts, { all: false });
    this.#jumped = first !== undefined;
    return first ?? usual;
  }

  #speakersOf(meetingId: string): ServiceLedger {
    let ledger = this.#tracks.get(meetingId);
    if (ledger === undefined) {
      ledger = new ServiceLedger();
      this.#tracks.set(meetingId, ledger);
    }
    return ledger;
  }

  #forgetIfIdle(meetingId: string): void {
    for (const entry of this.#entries()) if (entry.job.meetingId === meetingId) return;
    for (const job of this.#running.keys()) if (job.meetingId === meetingId) return;
    this.#tracks.delete(meetingId);
  }

  #fair(entries: Entry<J>[], options: { ledger: ServiceLedger; keyOf: (job: J) => string; all: boolean }): Entry<J>[] {
    const { ledger, keyOf, all } = options;
    const least = Math.min(...entries.map((entry) => ledger.of(keyOf(entry.job))));
    if (all) ledger.advanceTo(least);
    return entries.filter((entry) => ledger.of(keyOf(entry.job)) <= least + this.#options.fairnessSlackMs);
  }

  #newestOfFullestRoom(incomingRoomId: string): Entry<J> {
    const counts = new Map<string, number>();
    for (const { job } of this.#finals) counts.set(job.meetingId, (counts.get(job.meetingId) ?? 0) + 1);
    let fullest = incomingRoomId;
    for (const [meetingId, count] of counts) if (count > (counts.get(fullest) ?? 0)) fullest = meetingId;
    return [...this.#finals]
      .filter((entry) => entry.job.meetingId === fullest)
      .reduce((newest, entry) => (entry.order > newest.order ? entry : newest));
  }

  #remove(entry: Entry<J>): void {
    this.#finals.delete(entry);
    if (this.#interims.get(entry.track) === entry) this.#interims.delete(entry.track);
    this.#forgetIfIdle(entry.job.meetingId);
  }

  *#entries(): Generator<Entry<J>> {
    yield* this.#finals;
    yield* this.#interims.values();
  }
}

function trackKey(job: SchedulableJob): string {
  return JSON.stringify([job.meetingId, job.trackId]);
}

function isBefore<J extends SchedulableJob>(a: Entry<J>, b: Entry<J>): boolean {
  return (
    a.job.deadlineAtMs - b.job.deadlineAtMs < 0 || (a.job.deadlineAtMs === b.job.deadlineAtMs && a.order < b.order)
  );
}
