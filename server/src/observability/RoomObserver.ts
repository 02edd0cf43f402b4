import type { AudioLedger, GapReason } from '@parley/client-sdk/protocol';

/** Counts what happens in rooms. Receives no names, no ids and no text. */
export interface RoomObserver {
  /** An interim was sent. */
  interim(times: { queuedMs: number; engineMs: number }): void;
  /** A final was committed. `vadEndToFinalMs`: from the VAD's decision that the utterance is over; absent if it did not end in silence. */
  final(times: { queuedMs: number; engineMs: number; vadEndToFinalMs: number | undefined; corrections: number }): void;
  gap(reason: GapReason): void;
  /** The change of each class of the audio ledger; negative if audio moved to another class. */
  audio(change: AudioLedger): void;
}
