import { defaults } from '../defaults.js';
import type { Segment } from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';
import type { TranscriptView } from './TranscriptView.js';

/** A line on display. The same object until something of it changes. */
export interface Caption {
  /** The newest version: an interim of which `stableLength` is settled, a final, or a gap, which has no text. */
  readonly segment: Segment;
  /** When it came on display, on the queue's clock. */
  readonly shownAtMs: number;
}

/** Where a queue has its time from. */
export interface CaptionClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls once, after `delayMs`. @returns a function that prevents it */
  after(delayMs: number, call: () => void): () => void;
}

export interface CaptionQueueOptions {
  transcript: TranscriptView;
  /** Lines on display at the same time, at most. Default 3. */
  lines?: number;
  /** A line stays at least so long, in ms, and so long after its last words were finished, also when others wait. Default 1,500. */
  minDisplayMs?: number;
  /** A line of which nothing new comes leaves after so long, in ms, also when nobody waits; `minDisplayMs` at least. Default 6,000. */
  lingerMs?: number;
  /** For tests. Default: the system's. */
  clock?: CaptionClock;
}

export interface CaptionQueueEvents {
  /** The snapshot is another one now. */
  changed: [];
}

/** Lines that may wait, for each one on display. Who is further behind reads the transcript: the line that waits longest is left out. */
const WAITING_PER_LINE = 4;

interface Line {
  caption: Caption;
  /** Of any new version. */
  touchedAtMs: number;
  /** Of the last other words. */
  changedAtMs: number;
}

const SYSTEM_CLOCK: CaptionClock = {
  now: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * What is being said, as a few lines that a person can read: each stays long enough, an interim grows in its place, old ones
 * leave. When more is said than lines can show, what is finished gives way before what is still being said.
 *
 * Shows what is told while it is said. What is fetched afterwards (a late join, a reconnect) is history and not shown, except for
 * lines that were on display or waiting a moment ago.
 *
 * Fits React's `useSyncExternalStore`. `close` it when it is not shown any more.
 *
 * @example
 * const captions = new CaptionQueue({ transcript: client.transcript, lines: 2 });
 * captions.subscribe(() => draw(captions.getSnapshot()));
 */
export class CaptionQueue extends TypedEmitter<CaptionQueueEvents> {
  readonly #options: Required<Omit<CaptionQueueOptions, 'transcript'>>;
  readonly #off: (() => void)[];
  /** In the order in which they came on display. */
  #shown: Line[] = [];
  /** By id, the one that waits longest first. */
  readonly #waiting = new Map<string, Segment>();
  /** Ids of interims that were taken back, and when: their finals may come by another way. */
  readonly #takenBack = new Map<string, number>();
  #snapshot: readonly Caption[] = [];
  #cancelTimer: () => void = () => {};

  /** @throws RangeError for less than one line, or negative times */
  constructor(options: CaptionQueueOptions) {
    super();
    const { transcript, clock = SYSTEM_CLOCK, lines, minDisplayMs, lingerMs } = { ...defaults.captions, ...options };
    if (!(lines >= 1) || !(minDisplayMs >= 0) || !(lingerMs >= 0)) {
      throw new RangeError('CaptionQueue: lines has to be 1 or more, and times must not be negative');
    }
    this.#options = {
      lines: Math.floor(lines),
      minDisplayMs,
      lingerMs: Math.max(lingerMs, minDisplayMs),
      clock,
    };
    this.#off = [
      transcript.on('segmentUpdated', (event) => this.#onUpdated(event)),
      transcript.on('segmentRetracted', ({ segmentId }) => this.#onRetracted(segmentId)),
      transcript.on('cleared', () => this.#onCleared()),
    ];
  }

  /** Calls back whenever `getSnapshot` has something new to say. @returns a function that ends that */
  readonly subscribe = (listener: () => void): (() => void) => this.on('changed', () => listener());

  /** The lines on display, the newest last. The same array until something changes; never changed itself. */
  readonly getSnapshot = (): readonly Caption[] => this.#snapshot;

  /** Shows nothing any more and lets the transcript go. Idempotent. */
  close(): void {
    for (const off of this.#off.splice(0)) off();
    this.#onCleared();
    this.removeAllListeners();
  }

  #onUpdated({ segment, live }: { segment: Segment; live: boolean }): void {
    const now = this.#options.clock.now();
    const index = this.#shown.findIndex(({ caption }) => caption.segment.id === segment.id);
    const line = this.#shown[index];
    if (line !== undefined) {
      const { shownAtMs, segment: before } = line.caption;
      this.#shown[index] = {
        caption: { segment, shownAtMs },
        touchedAtMs: now,
        changedAtMs: before.text === segment.text ? line.changedAtMs : now,
      };
    } else if (this.#waiting.has(segment.id)) {
      this.#waiting.set(segment.id, segment);
    } else if ((live || this.#takenBackLately(segment.id)) && (segment.text !== '' || segment.status === 'gap')) {
      this.#enqueue(segment);
    } else {
      return;
    }
    this.#settle({ changed: line !== undefined });
  }

  #onRetracted(segmentId: string): void {
    const standing = this.#shown.filter(({ caption }) => caption.segment.id !== segmentId);
    const changed = standing.length < this.#shown.length;
    if (!this.#waiting.delete(segmentId) && !changed) return;
    this.#shown = standing;
    this.#takenBack.set(segmentId, this.#options.clock.now());
    const [oldest] = this.#takenBack.keys();
    if (this.#takenBack.size > this.#capacity && oldest !== undefined) this.#takenBack.delete(oldest);
    this.#settle({ changed });
  }

  #onCleared(): void {
    const changed = this.#shown.length > 0;
    this.#shown = [];
    this.#waiting.clear();
    this.#takenBack.clear();
    this.#settle({ changed });
  }

  get #capacity(): number {
    return this.#options.lines * WAITING_PER_LINE;
  }

  #takenBackLately(segmentId: string): boolean {
    const atMs = this.#takenBack.get(segmentId);
    this.#takenBack.delete(segmentId);
    return atMs !== undefined && this.#options.clock.now() - atMs < this.#options.lingerMs;
  }

  #enqueue(segment: Segment): void {
    this.#waiting.set(segment.id, segment);
    const [longest] = this.#waiting.keys();
    if (this.#waiting.size > this.#capacity && longest !== undefined) this.#waiting.delete(longest);
  }

  /** Lets lines leave and come as the time is, and comes back when the next one may. */
  #settle({ changed }: { changed: boolean }): void {
    const { clock, lines, lingerMs } = this.#options;
    const now = clock.now();
    const before = this.#shown.length;
    this.#shown = this.#shown.filter(({ touchedAtMs }) => now - touchedAtMs < lingerMs);
    let moved = changed || this.#shown.length < before;
    for (const [id, segment] of this.#waiting) {
      if (this.#shown.length >= lines && !this.#makeRoom(now)) break;
      this.#waiting.delete(id);
      this.#shown.push({ caption: { segment, shownAtMs: now }, touchedAtMs: now, changedAtMs: now });
      moved = true;
    }
    this.#wait(now);
    if (!moved) return;
    this.#snapshot = Object.freeze(this.#shown.map(({ caption }) => caption));
    this.emit('changed');
  }

  /** @returns whether a line could leave: of those that may, what is finished first, the oldest first */
  #makeRoom(now: number): boolean {
    const [leaving] = this.#shown
      .filter((line) => this.#mayLeaveAtMs(line) <= now)
      .sort((a, b) => Number(isInterim(a)) - Number(isInterim(b)) || a.touchedAtMs - b.touchedAtMs);
    if (leaving === undefined) return false;
    this.#shown = this.#shown.filter((line) => line !== leaving);
    return true;
  }

  /** What is still being said changes all the time: its words are there to be read from when it came. */
  #mayLeaveAtMs(line: Line): number {
    return (isInterim(line) ? line.caption.shownAtMs : line.changedAtMs) + this.#options.minDisplayMs;
  }

  #wait(now: number): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    const { clock, lingerMs } = this.#options;
    const someoneWaits = this.#waiting.size > 0;
    const nextAtMs = Math.min(
      ...this.#shown.map((line) =>
        Math.min(line.touchedAtMs + lingerMs, someoneWaits ? this.#mayLeaveAtMs(line) : Infinity),
      ),
    );
    if (nextAtMs === Infinity) return;
    this.#cancelTimer = clock.after(Math.max(1, Math.ceil(nextAtMs - now)), () => this.#settle({ changed: false }));
  }
}

function isInterim({ caption }: Line): boolean {
  return caption.segment.status === 'interim';
}
