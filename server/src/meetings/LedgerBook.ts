import type { AudioLedger, ParticipantLedger, ShedReason } from '@parley/client-sdk/protocol';
import { combine, emptyLedger } from '../observability/audioLedger.js';

interface Track {
  participantId: string;
  track: string;
  /** Of producers that have ended, and of time lines that a restarted worker started again. */
  ended: AudioLedger;
  /** By producer. */
  open: Map<string, AudioLedger>;
}

const SAMPLES_PER_MS = 16;
/** Limit of participants' ledgers; those that ended longest ago are dropped first. */
const MAX_TRACKS = 2_000;

/** The audio ledgers of one meeting: one per participant's track, summed over its producers. */
export class LedgerBook {
  readonly #tracks = new Map<string, Track>();

  /** Takes over a producer's current ledger. @returns `ledger`: the participant's; `change`: the change of the sum over all participants */
  update(options: { producerId: string; participantId: string; track: string; ledger: AudioLedger }): {
    ledger: AudioLedger;
    change: AudioLedger;
  } {
    const { producerId, ledger } = options;
    const track = this.#trackOf(options);
    const before = sumOf(track);
    const last = track.open.get(producerId);
    // A smaller total means that the worker died and its successor started with an empty ledger.
    if (last !== undefined && ledger.totalMs < last.totalMs) this.#end(track, producerId);
    track.open.set(producerId, ledger);
    const after = sumOf(track);
    return { ledger: after, change: combine({ a: after, b: before, factor: -1 }) };
  }

  /**
   * Audio of a producer that was not received. With `mediaWorkerLost`, the previous worker is gone, and with it everything that was pending
   * there. @returns as `update`
   */
  unheard(options: { producerId: string; participantId: string; track: string; ms: number; reason: ShedReason }): {
    ledger: AudioLedger;
    change: AudioLedger;
  } {
    const track = this.#trackOf(options);
    const before = sumOf(track);
    if (options.reason === 'mediaWorkerLost') this.#end(track, options.producerId);
    const ms = inSamples(options.ms);
    const unheard = { ...emptyLedger(), totalMs: ms, shedMs: { [options.reason]: ms } };
    track.ended = combine({ a: track.ended, b: unheard, factor: 1 });
    const after = sumOf(track);
    return { ledger: after, change: combine({ a: after, b: before, factor: -1 }) };
  }

  /** The producer ended. @returns the change of the sum over all participants, if any */
  end(options: { producerId: string; participantId: string; track: string }): AudioLedger | undefined {
    const track = this.#tracks.get(keyOf(options));
    if (track?.open.has(options.producerId) !== true) return undefined;
    const before = sumOf(track);
    this.#end(track, options.producerId);
    return combine({ a: sumOf(track), b: before, factor: -1 });
  }

  get all(): ParticipantLedger[] {
    return [...this.#tracks.values()].map((track) => ({
      participantId: track.participantId,
      track: track.track,
      ledger: sumOf(track),
    }));
  }

  /** Pending audio is lost with the worker that should have decided it. */
  #end(track: Track, producerId: string): void {
    const last = track.open.get(producerId);
    if (last === undefined) return;
    track.open.delete(producerId);
    const { pendingMs } = last;
    const shedMs =
      pendingMs === 0
        ? last.shedMs
        : { ...last.shedMs, mediaWorkerLost: (last.shedMs.mediaWorkerLost ?? 0) + pendingMs };
    track.ended = combine({ a: track.ended, b: { ...last, pendingMs: 0, shedMs }, factor: 1 });
  }

  #trackOf(options: { participantId: string; track: string }): Track {
    const { participantId, track } = options;
    const standing = this.#tracks.get(keyOf(options));
    if (standing !== undefined) return standing;
    const made: Track = { participantId, track, ended: emptyLedger(), open: new Map() };
    this.#tracks.set(keyOf(options), made);
    if (this.#tracks.size > MAX_TRACKS) {
      for (const [key, { open }] of this.#tracks) {
        if (open.size > 0 || key === keyOf(options)) continue;
        this.#tracks.delete(key);
        break;
      }
    }
    return made;
  }
}

/** Clocks are finer than samples, but sums of ledgers must be exact. */
function inSamples(ms: number): number {
  return Math.round(ms * SAMPLES_PER_MS) / SAMPLES_PER_MS;
}

function keyOf(options: { participantId: string; track: string }): string {
  return `${options.participantId}/${options.track}`;
}

function sumOf(track: Track): AudioLedger {
  let sum = track.ended;
  for (const ledger of track.open.values()) sum = combine({ a: sum, b: ledger, factor: 1 });
  return sum;
}
