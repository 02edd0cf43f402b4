import type { Segment } from '@parley/client-sdk/protocol';
import type { Colors } from 'picocolors/types.js';
import type { Output } from './Output.js';

const DEFAULT_COLUMNS = 80;
/** What `[12:34] A name: ` leaves for the words on the narrowest terminal. */
const LEAST_TEXT_COLUMNS = 10;

/**
 * Captions on a terminal: a final is a line that stays; unfinished ones are shown dimmed below the last line and rewritten in place.
 * Without a terminal, only finals are written. One colour per speaker.
 */
export class LiveCaptions {
  readonly #output: Output;
  readonly #colors: Colors;
  readonly #open = new Map<string, Segment>();
  readonly #palette: Array<(text: string) => string>;
  readonly #colorOf = new Map<string, (text: string) => string>();
  #liveLines = 0;

  constructor(options: { output: Output; colors: Colors }) {
    this.#output = options.output;
    this.#colors = options.colors;
    const { cyan, yellow, magenta, green, blue, red } = options.colors;
    this.#palette = [cyan, yellow, magenta, green, blue, red];
  }

  /** Writes a line above the unfinished captions. */
  print(line: string): void {
    this.#erase();
    this.#output.write(`${line}\n`);
    this.#draw();
  }

  update(segment: Segment): void {
    if (segment.status === 'interim') {
      this.#open.set(segment.id, segment);
      this.#erase();
      this.#draw();
      return;
    }
    this.#open.delete(segment.id);
    const text =
      segment.status === 'gap' ? this.#colors.italic(`(no text: ${segment.reason ?? 'unknown'})`) : segment.text;
    this.print(`${this.#prefix(segment)}${text}`);
  }

  retract(segmentId: string): void {
    if (!this.#open.delete(segmentId)) return;
    this.#erase();
    this.#draw();
  }

  /** Removes the unfinished captions from the screen. */
  clear(): void {
    this.#open.clear();
    this.#erase();
  }

  #erase(): void {
    if (this.#liveLines > 0) this.#output.write(`\u001b[${this.#liveLines}A\u001b[J`);
    this.#liveLines = 0;
  }

  #draw(): void {
    if (this.#output.isTTY !== true) return;
    // Some terminals do not know their width and report 0.
    const columns = this.#output.columns || DEFAULT_COLUMNS;
    const open = [...this.#open.values()].sort((a, b) => a.startMs - b.startMs);
    for (const segment of open) {
      // A line that wraps would be two lines when erased; the newest words matter most.
      const room = Math.max(LEAST_TEXT_COLUMNS, columns - 1 - plainPrefix(segment).length);
      const text = segment.text.length <= room ? segment.text : `…${segment.text.slice(1 - room)}`;
      this.#output.write(`${this.#prefix(segment)}${this.#colors.dim(text)}\n`);
    }
    this.#liveLines = open.length;
  }

  #prefix(segment: Segment): string {
    const color = this.#speakerColor(segment.participantId);
    return `${this.#colors.dim(`[${clock(segment.startMs)}]`)} ${color(`${segment.displayName}:`)} `;
  }

  #speakerColor(participantId: string): (text: string) => string {
    const known = this.#colorOf.get(participantId);
    if (known !== undefined) return known;
    const color = this.#palette[this.#colorOf.size % this.#palette.length] ?? this.#colors.reset;
    this.#colorOf.set(participantId, color);
    return color;
  }
}

function plainPrefix(segment: Segment): string {
  return `[${clock(segment.startMs)}] ${segment.displayName}: `;
}

/** `83000` is `1:23`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
