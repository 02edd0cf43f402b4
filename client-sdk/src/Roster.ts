import type { Participant } from './protocol/index.js';

export interface RosterChanges {
  joined: Participant[];
  updated: Participant[];
  /** Ids of participants who left. */
  left: string[];
}

/** The participants in the room, as far as this client knows. */
export class Roster {
  readonly #participants = new Map<string, Participant>();

  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  set(participant: Participant): void {
    this.#participants.set(participant.participantId, participant);
  }

  delete(participantId: string): void {
    this.#participants.delete(participantId);
  }

  setSpeaking(options: { participantId: string; speaking: boolean }): void {
    const participant = this.#participants.get(options.participantId);
    if (participant !== undefined) this.set({ ...participant, speaking: options.speaking });
  }

  clear(): void {
    this.#participants.clear();
  }

  /** Takes over the server's list. @returns the changes, for listeners */
  replace(participants: readonly Participant[]): RosterChanges {
    const before = new Map(this.#participants);
    this.#participants.clear();
    const changes: RosterChanges = { joined: [], updated: [], left: [] };
    for (const participant of participants) {
      const known = before.get(participant.participantId);
      before.delete(participant.participantId);
      this.set(participant);
      if (known === undefined) changes.joined.push(participant);
      else if (!isSame(known, participant)) changes.updated.push(participant);
    }
    changes.left.push(...before.keys());
    return changes;
  }
}

function isSame(a: Participant, b: Participant): boolean {
  const keys = Object.keys({ ...a, ...b }) as (keyof Participant)[];
  return keys.every((key) => String(a[key]) === String(b[key]));
}
