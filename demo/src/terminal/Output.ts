/** What of a stream the demo needs to write on it. */
export interface Output {
  write(text: string): unknown;
  /** A terminal: text can be rewritten in place. */
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}
