/**
 * The wire contract repeats some types of media, because it may import nothing. These checks make the compiler compare each pair: if one
 * side changes alone, this file does not compile.
 */
import type * as wire from '@parley/client-sdk/protocol';
import type * as media from '@parley/media/node';
import type * as settings from '@parley/media/settings';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Expect<T extends true> = T;
/** Expands a type, with all names resolved. */
type Plain<T> = T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

/** @internal only for the compiler */
export type SameOnBothSides = [
  Expect<Equal<Plain<wire.SpeechSettings>, Plain<settings.SpeechSettings>>>,
  Expect<Equal<Plain<wire.SpeechOverrides>, Plain<settings.SpeechOverrides>>>,
  Expect<Equal<wire.TrackState, media.TrackState>>,
  Expect<Equal<Plain<wire.TrackActivity>, Plain<media.TrackActivity>>>,
  Expect<Equal<wire.ShedReason, media.ShedReason>>,
  Expect<Equal<wire.RejectionReason, media.RejectionReason>>,
  // A text that could not be stored is known only to the server.
  Expect<Equal<Exclude<wire.GapReason, 'notStored'>, media.PipelineGapReason>>,
  Expect<Equal<Plain<wire.AudioLedger>, Plain<media.AudioLedgerTotals>>>,
  Expect<Equal<wire.SettingClass, settings.SettingClass>>,
];
