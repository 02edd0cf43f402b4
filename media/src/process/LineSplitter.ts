import { StringDecoder } from 'node:string_decoder';

/** Longest line that is passed on, in UTF-16 units; the rest of the line is cut off. */
export const MAX_LOG_LINE_LENGTH = 4_096;

/** Cuts a byte stream into lines of bounded length, so that a child without line ends cannot fill its parent's memory. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #line = '';
  #cut = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = this.#decoder.write(chunk).split('\n');
    for (let i = 0; i < parts.length; i++) {
      this.#append(parts[i] ?? '');
      if (i < parts.length - 1) this.#flush();
    }
  }

  /** Passes on a last line without a line end. */
  end(): void {
    this.#append(this.#decoder.end());
    this.#flush();
  }

  #append(text: string): void {
    const room = MAX_LOG_LINE_LENGTH - this.#line.length;
    if (text.length > room) this.#cut = true;
    this.#line += text.slice(0, Math.max(0, room));
  }

  #flush(): void {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    if (line !== '') this.#onLine(this.#cut ? `${line}…` : line);
    this.#line = '';
    this.#cut = false;
  }
}
