/** The parts of a stream that the demo writes with. */
export interface Output {
  write(text: string): unknown;
  /** A terminal: text can be rewritten in place. */
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}
