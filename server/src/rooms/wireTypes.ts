/**
 * The wire contract repeats some of media's types, since it may import nothing. Here the compiler holds each pair equal: where one
 * side changes alone, this file does not compile.
 */
import type * as wire from '@parley/client-sdk/protocol';
import type * as media from '@parley/media/node';
import type * as settings from '@parley/media/settings';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
/** As the compiler sees it once all names are resolved. */
type Plain<T> = T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

/** @internal nobody needs it but the compiler */
export type SameOnBothSides = [
  Expect<Equal<Plain<wire.SpeechSettings>, Plain<settings.SpeechSettings>>>,
  Expect<Equal<Plain<wire.SpeechOverrides>, Plain<settings.SpeechOverrides>>>,
  Expect<Equal<wire.TrackState, media.TrackState>>,
  Expect<Equal<Plain<wire.TrackActivity>, Plain<media.TrackActivity>>>,
  Expect<Equal<wire.ShedReason, media.ShedReason>>,
  Expect<Equal<wire.RejectionReason, media.RejectionReason>>,
  // What was written and not stored is the server's own.
  Expect<Equal<Exclude<wire.GapReason, 'notStored'>, media.PipelineGapReason>>,
  Expect<Equal<Plain<wire.AudioLedger>, Plain<media.AudioLedgerTotals>>>,
  Expect<Equal<wire.SettingClass, settings.SettingClass>>,
];
