import { defaults } from '../defaults.js';
import type { Segment } from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';
import type { TranscriptView } from './TranscriptView.js';

/** A line on display. The same object until it changes. */
export interface Caption {
  /** The newest version: an interim whose first `stableLength` units are settled, a final, or a gap, which has no text. */
  readonly segment: Segment;
  /** When it appeared, on the queue's clock. */
  readonly shownAtMs: number;
}

/** The time source of a queue. */
export interface CaptionClock {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Calls once, after `delayMs`. @returns a function that cancels the call */
  after(delayMs: number, call: () => void): () => void;
}

export interface CaptionQueueOptions {
  transcript: TranscriptView;
  /** Maximum number of lines on display. Default 3. */
  lines?: number;
  /** Minimum display time of a line, in ms, counted again from its final text, even if others wait. Default 1,500. */
  minDisplayMs?: number;
  /** A line without changes disappears after this time, in ms, even if no other waits; at least `minDisplayMs`. Default 6,000. */
  lingerMs?: number;
  /** For tests. Default: the system clock. */
  clock?: CaptionClock;
}

export interface CaptionQueueEvents {
  /** There is a new snapshot. */
  changed: [];
}

/**
 * Lines that may wait per line on display. If there are more, the one that has waited longest is dropped: it can be read in the transcript.
 */
const WAITING_PER_LINE = 4;

interface Line {
  caption: Caption;
  /** When any new version came. */
  touchedAtMs: number;
  /** When the text last changed. */
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
 * Live captions as a few lines that a person can read. Each line stays long enough, an interim grows in place, and old lines disappear. If
 * more is said than fits, finished lines are replaced before unfinished ones.
 *
 * Shows only live segments. Segments fetched later (after a late join or a reconnect) are history and not shown, except lines that were on
 * display or waiting a moment ago.
 *
 * Works with React's `useSyncExternalStore`. Call `close` when it is no longer shown.
 *
 * @example
 * const captions = new CaptionQueue({ transcript: client.transcript, lines: 2 });
 * captions.subscribe(() => draw(captions.getSnapshot()));
 */
export class CaptionQueue extends TypedEmitter<CaptionQueueEvents> {
  readonly #options: Required<Omit<CaptionQueueOptions, 'transcript'>>;
  readonly #off: (() => void)[];
  /** In the order of their appearance. */
  #shown: Line[] = [];
  /** By id, the longest waiting first. */
  readonly #waiting = new Map<string, Segment>();
  /** Ids of withdrawn interims, and when they were withdrawn: their finals may still be fetched. */
  readonly #takenBack = new Map<string, number>();
  #snapshot: readonly Caption[] = [];
  #cancelTimer: () => void = () => {};

  /** @throws RangeError for less than one line, or negative times */
  constructor(options: CaptionQueueOptions) {
    super();
    const { transcript, clock = SYSTEM_CLOCK, lines, minDisplayMs, lingerMs } = { ...defaults.captions, ...options };
    if (!(lines >= 1) || !(minDisplayMs >= 0) || !(lingerMs >= 0)) {
      throw new RangeError('CaptionQueue: lines must be 1 or more, and times must not be negative');
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

  /** Calls back whenever there is a new snapshot. @returns a function that unsubscribes */
  readonly subscribe = (listener: () => void): (() => void) => this.on('changed', () => listener());

  /** The lines on display, the newest last. The same array until something changes; never modified. */
  readonly getSnapshot = (): readonly Caption[] => this.#snapshot;

  /** Empties the display and unsubscribes from the transcript. Idempotent. */
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

  /** Removes and adds lines according to the current time, and schedules the next check. */
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

  /** Removes a line that may be replaced: finished ones first, then the oldest. @returns whether there was one */
  #makeRoom(now: number): boolean {
    const [leaving] = this.#shown
      .filter((line) => this.#mayLeaveAtMs(line) <= now)
      .sort((a, b) => Number(isInterim(a)) - Number(isInterim(b)) || a.touchedAtMs - b.touchedAtMs);
    if (leaving === undefined) return false;
    this.#shown = this.#shown.filter((line) => line !== leaving);
    return true;
  }

  /** An interim changes all the time, so its minimum time counts from its appearance. */
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
