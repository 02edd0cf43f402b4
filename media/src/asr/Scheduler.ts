import type { Clock } from '../process/clock.js';
import type { RecognitionErrorCode, RecognitionKind } from './types.js';

/** What the scheduler needs to know of a job. */
export interface SchedulableJob {
  kind: RecognitionKind;
  roomId: string;
  speakerId: string;
  deadlineAtMs: number;
  /** It was in the engine when an ASR process died. Such jobs run one at a time, so that the guilty one is found. */
  suspect: boolean;
}

export type RejectionCode = Extract<RecognitionErrorCode, 'DEADLINE_EXCEEDED' | 'OVERLOADED' | 'SUPERSEDED'>;

export interface SchedulerOptions<J extends SchedulableJob> {
  clock: Clock;
  /** Engine time that the job will take, as far as known; 0 = unknown. */
  estimateMs: (job: J) => number;
  /** Called for every job that leaves the queue without having been started. */
  onReject: (job: J, code: RejectionCode) => void;
  /** Finals that may wait. Default 256. */
  finalsCapacity?: number;
  /** Interims that may wait, one a speaker. Default 1,024. */
  interimsCapacity?: number;
  /** Engine time by which a room or a speaker may be ahead of the one served least, before it has to wait. Default 2,000. */
  fairnessSlackMs?: number;
}

interface Entry<J> {
  job: J;
  order: number;
  arrivedAtMs: number;
}

/** Engine time given to one room or speaker, on a virtual clock that the idle ones are carried along by. */
class ServiceLedger {
  readonly #served = new Map<string, number>();
  #virtualMs = 0;

  of(key: string): number {
    return Math.max(this.#served.get(key) ?? 0, this.#virtualMs);
  }

  charge(key: string, ms: number): void {
    this.#served.set(key, this.of(key) + ms);
  }

  /** The least served one that waits; whoever is behind it was idle and gains no credit from that. */
  advanceTo(virtualMs: number): void {
    this.#virtualMs = Math.max(this.#virtualMs, virtualMs);
    for (const [key, served] of this.#served) if (served <= this.#virtualMs) this.#served.delete(key);
  }
}

/** A job whose cost is unknown is charged so much. */
const UNKNOWN_COST_MS = 100;

/**
 * The one queue of a device. Pure logic: the caller brings the time and runs what `next` gives.
 *
 * - Finals before interims.
 * - Within a class, among the rooms that are at most `fairnessSlackMs` of engine time ahead of the least served waiting one,
 *   and among their speakers likewise: the earliest deadline. A quiet device therefore works by deadline alone, and a busy
 *   one gives every room the same share, however many speakers it has.
 * - One waiting interim a speaker: a newer one, or its final, takes its place (`SUPERSEDED`).
 * - A job whose deadline leaves no time for its estimate is not started (`DEADLINE_EXCEEDED`). The estimate counts for half
 *   of the time that the job came with at most: a wrong one cannot turn every job away for ever.
 * - When finals are full, the room with the most waiting ones loses its newest (`OVERLOADED`): the room that floods pays, and
 *   what has waited longest is kept. The job that just came loses where rooms are equal.
 */
export class Scheduler<J extends SchedulableJob> {
  readonly #clock: Clock;
  readonly #options: Required<SchedulerOptions<J>>;
  readonly #finals = new Set<Entry<J>>();
  /** Keyed by speaker. */
  readonly #interims = new Map<string, Entry<J>>();
  readonly #running = new Set<J>();
  readonly #rooms = new ServiceLedger();
  /** Of the speakers of each room that has jobs. */
  readonly #speakers = new Map<string, ServiceLedger>();
  #order = 0;

  constructor(options: SchedulerOptions<J>) {
    this.#clock = options.clock;
    this.#options = { finalsCapacity: 256, interimsCapacity: 1_024, fairnessSlackMs: 2_000, ...options };
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

  /** Age of the job that has waited longest. */
  get oldestWaitMs(): number {
    let oldest = this.#clock();
    const now = oldest;
    for (const entry of this.#entries()) oldest = Math.min(oldest, entry.arrivedAtMs);
    return now - oldest;
  }

  add(job: J): void {
    const entry: Entry<J> = { job, order: this.#order++, arrivedAtMs: this.#clock() };
    if (job.deadlineAtMs <= entry.arrivedAtMs) {
      this.#options.onReject(job, 'DEADLINE_EXCEEDED');
      return;
    }
    const speaker = speakerKey(job);
    if (job.kind === 'interim') {
      const older = this.#interims.get(speaker);
      if (older === undefined && this.#interims.size >= this.#options.interimsCapacity) {
        this.#options.onReject(job, 'OVERLOADED');
        return;
      }
      this.#interims.set(speaker, entry);
      if (older !== undefined) this.#options.onReject(older.job, 'SUPERSEDED');
      return;
    }
    const interim = this.#interims.get(speaker);
    this.#interims.delete(speaker);
    this.#finals.add(entry);
    if (interim !== undefined) this.#options.onReject(interim.job, 'SUPERSEDED');
    if (this.#finals.size > this.#options.finalsCapacity) {
      const victim = this.#newestOfFullestRoom(job.roomId);
      this.#finals.delete(victim);
      this.#options.onReject(victim.job, 'OVERLOADED');
    }
  }

  /** The job to start now; the caller must end it by `finished`. */
  next(): J | undefined {
    this.expire();
    const entry = this.#pick([...this.#finals]) ?? this.#pick([...this.#interims.values()]);
    if (entry === undefined) return undefined;
    this.#running.add(entry.job);
    this.#remove(entry);
    const cost = this.#options.estimateMs(entry.job) || UNKNOWN_COST_MS;
    this.#rooms.charge(entry.job.roomId, cost);
    this.#speakersOf(entry.job.roomId).charge(entry.job.speakerId, cost);
    return entry.job;
  }

  finished(job: J): void {
    this.#running.delete(job);
    this.#forgetIfIdle(job.roomId);
  }

  /** Takes a waiting job out without a word. @returns false when it does not wait */
  cancel(job: J): boolean {
    for (const entry of this.#entries()) {
      if (entry.job === job) {
        this.#remove(entry);
        return true;
      }
    }
    return false;
  }

  /** Rejects what can no longer be answered in time. */
  expire(): void {
    const now = this.#clock();
    for (const entry of [...this.#entries()]) {
      const allowance = (entry.job.deadlineAtMs - entry.arrivedAtMs) / 2;
      const needed = Math.min(this.#options.estimateMs(entry.job), allowance);
      if (entry.job.deadlineAtMs - now < needed || entry.job.deadlineAtMs <= now) {
        this.#remove(entry);
        this.#options.onReject(entry.job, 'DEADLINE_EXCEEDED');
      }
    }
  }

  /**
   * The running interim that may be aborted for the good of a waiting final: only one of the same speaker, whose text that
   * final replaces anyway.
   */
  preemptable(): J | undefined {
    for (const job of this.#running) {
      if (job.kind !== 'interim') continue;
      for (const entry of this.#finals) if (speakerKey(entry.job) === speakerKey(job)) return job;
    }
    return undefined;
  }

  #pick(entries: Entry<J>[]): Entry<J> | undefined {
    const suspectRuns = [...this.#running].some((job) => job.suspect);
    let candidates = suspectRuns ? entries.filter((entry) => !entry.job.suspect) : entries;
    if (candidates.length === 0) return undefined;
    candidates = this.#fair(candidates, this.#rooms, (job) => job.roomId);
    candidates = [...new Set(candidates.map((entry) => entry.job.roomId))].flatMap((roomId) =>
      this.#fair(
        candidates.filter((entry) => entry.job.roomId === roomId),
        this.#speakersOf(roomId),
        (job) => job.speakerId,
      ),
    );
    return candidates.reduce((best, entry) => (isBefore(entry, best) ? entry : best));
  }

  #speakersOf(roomId: string): ServiceLedger {
    let ledger = this.#speakers.get(roomId);
    if (ledger === undefined) {
      ledger = new ServiceLedger();
      this.#speakers.set(roomId, ledger);
    }
    return ledger;
  }

  #forgetIfIdle(roomId: string): void {
    for (const entry of this.#entries()) if (entry.job.roomId === roomId) return;
    for (const job of this.#running) if (job.roomId === roomId) return;
    this.#speakers.delete(roomId);
  }

  #fair(entries: Entry<J>[], ledger: ServiceLedger, keyOf: (job: J) => string): Entry<J>[] {
    const least = Math.min(...entries.map((entry) => ledger.of(keyOf(entry.job))));
    ledger.advanceTo(least);
    return entries.filter((entry) => ledger.of(keyOf(entry.job)) <= least + this.#options.fairnessSlackMs);
  }

  #newestOfFullestRoom(incomingRoomId: string): Entry<J> {
    const counts = new Map<string, number>();
    for (const { job } of this.#finals) counts.set(job.roomId, (counts.get(job.roomId) ?? 0) + 1);
    let fullest = incomingRoomId;
    for (const [roomId, count] of counts) if (count > (counts.get(fullest) ?? 0)) fullest = roomId;
    return [...this.#finals]
      .filter((entry) => entry.job.roomId === fullest)
      .reduce((newest, entry) => (entry.order > newest.order ? entry : newest));
  }

  #remove(entry: Entry<J>): void {
    this.#finals.delete(entry);
    const speaker = speakerKey(entry.job);
    if (this.#interims.get(speaker) === entry) this.#interims.delete(speaker);
    this.#forgetIfIdle(entry.job.roomId);
  }

  *#entries(): Generator<Entry<J>> {
    yield* this.#finals;
    yield* this.#interims.values();
  }
}

function speakerKey(job: SchedulableJob): string {
  return JSON.stringify([job.roomId, job.speakerId]);
}

function isBefore<J extends SchedulableJob>(a: Entry<J>, b: Entry<J>): boolean {
  return (
    a.job.deadlineAtMs - b.job.deadlineAtMs < 0 || (a.job.deadlineAtMs === b.job.deadlineAtMs && a.order < b.order)
  );
}
