/** What the meeting page may cost its user. */
export const PAGE_BUDGET = {
  /** Bytes on the wire until the form is there and the network is quiet, compressed as the server sends them. */
  firstLoadBytes: 250 * 1_024,
  /** From the start of the navigation until a name can be entered. */
  interactiveMs: 1_000,
  /** The longest time for which the page does not react while a long transcript scrolls and grows. */
  longTaskMs: 100,
} as const;
