import { defaults } from './defaults.js';

export interface ActiveSpeakersOptions {
  onChange: (participantIds: readonly string[]) => void;
  /** Default `defaults.activeSpeakerHoldMs`. */
  holdMs?: number;
}

/**
 * Current speakers, latest first. The last speaker stays for a while after they finish, so that the picture does not jump between two
 * sentences.
 */
export class ActiveSpeakers {
  readonly #options: Required<ActiveSpeakersOptions>;
  #speaking: readonly string[] = [];
  /** The last speaker, who has finished. */
  #held: { participantId: string; timer: ReturnType<typeof setTimeout> } | undefined;
  #told: readonly string[] = [];

  constructor(options: ActiveSpeakersOptions) {
    this.#options = { holdMs: defaults.activeSpeakerHoldMs, ...options };
  }

  /** The same array until it changes. */
  get participantIds(): readonly string[] {
    return this.#told;
  }

  started(participantId: string): void {
    this.#speaking = [participantId, ...this.#without(participantId)];
    this.#release();
    this.#tell();
  }

  ended(participantId: string): void {
    if (!this.#speaking.includes(participantId)) return;
    this.#speaking = this.#without(participantId);
    if (this.#speaking.length === 0) {
      const timer = setTimeout(() => {
        this.#release();
        this.#tell();
      }, this.#options.holdMs);
      this.#held = { participantId, timer };
    }
    this.#tell();
  }

  /** Left the room, and is not kept either. */
  left(participantId: string): void {
    this.#speaking = this.#without(participantId);
    if (this.#held?.participantId === participantId) this.#release();
    this.#tell();
  }

  /** Takes over the server's list of speakers, e.g. after a reconnect. */
  replace(participantIds: readonly string[]): void {
    const known = this.#speaking.filter((id) => participantIds.includes(id));
    this.#speaking = [...known, ...participantIds.filter((id) => !known.includes(id))];
    this.#release();
    this.#tell();
  }

  clear(): void {
    this.replace([]);
  }

  #without(participantId: string): readonly string[] {
    return this.#speaking.filter((id) => id !== participantId);
  }

  #release(): void {
    clearTimeout(this.#held?.timer);
    this.#held = undefined;
  }

  #tell(): void {
    const now = this.#held === undefined ? this.#speaking : [this.#held.participantId];
    if (now.length === this.#told.length && now.every((id, index) => id === this.#told[index])) return;
    this.#told = now;
    this.#options.onChange(now);
  }
}
