import type { AudioLedger, GapReason } from '@parley/client-sdk/protocol';

/** Who counts what rooms do. Told nothing of anybody: no names, no ids, no text. */
export interface RoomObserver {
  /** An interim was told. */
  interim(times: { queuedMs: number; engineMs: number }): void;
  /** A final was committed. `vadEndToFinalMs`: from the VAD's decision that it is over; absent where it did not end in silence. */
  final(times: { queuedMs: number; engineMs: number; vadEndToFinalMs: number | undefined; corrections: number }): void;
  gap(reason: GapReason): void;
  /** Every class of the audio ledger by what it grew, which may be less than nothing for those that are not settled. */
  audio(change: AudioLedger): void;
}
