import type { Grant, JoinResult, ParleyError, WaitingParticipant } from '@parley/client-sdk/protocol';
import type { Identity } from '../auth/Authenticator.js';
import type { Meeting } from '../meetings/Meeting.js';
import type { Peer } from './Peer.js';
import { type Entrant, type Origin, RoomAccess } from './RoomAccess.js';
import type { Roster } from './Roster.js';
import { type Waiter, WaitingList } from './WaitingList.js';

export interface DoorOptions {
  meeting: Meeting;
  roster: Roster;
  waitingRoom: boolean;
  /** Somebody waits, or nobody does any more. */
  onWaitingChanged: () => void;
}

/** Somebody who wants to come in. */
export interface Visitor {
  identity: Identity;
  grants: ReadonlySet<Grant>;
  origin?: Origin | undefined;
}

/** Somebody who waits, and what becomes of it. */
export interface Knock extends Visitor, Pick<Waiter, 'onAdmitted' | 'onDismissed'> {
  connectionId: string;
}

type Waiting = Waiter & { entrant: Entrant; shown: WaitingParticipant };

/**
 * How one comes into a room: at once, by a moderator, or not at all. The rules are `RoomAccess`'s, those who wait `WaitingList`'s. Those
 * who wait are not in the roster: they are told what becomes of their wait, and nothing else.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #access: RoomAccess;
  readonly #waiting: WaitingList<Waiting>;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#access = new RoomAccess({ waitingRoom: options.waitingRoom });
    this.#waiting = new WaitingList({ now: () => options.meeting.elapsedMs });
  }

  /** So many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What somebody who has come in is told of it. */
  shownTo(peer: Pick<Peer, 'may'>): Pick<JoinResult, 'locked' | 'waitingRoom' | 'waiting'> {
    const { locked, waitingRoom } = this.#access;
    return { locked, waitingRoom, ...(peer.may('moderate') ? this.#list : {}) };
  }

  /** @throws ParleyError `REMOVED`, `ROOM_LOCKED`, `ADMISSION_REQUIRED` */
  assertMayEnter(visitor: Visitor): void {
    this.#access.assertMayEnter(this.#entrantOf(visitor));
  }

  /** Whether somebody may know nothing of the meeting: was removed, or has to be admitted first. */
  keepsOut(visitor: Visitor): boolean {
    const entrant = this.#entrantOf(visitor);
    return this.#access.hasRemoved(entrant.participantId) || this.#access.needsAdmission(entrant);
  }

  /** Came in. */
  enter(participantId: string): void {
    this.#access.enter(participantId);
    if (this.#waiting.all.some((each) => each.participantId === participantId)) this.#admit(participantId);
  }

  /** Left on purpose. */
  forget(participantId: string): void {
    this.#access.forget(participantId);
  }

  remove({ participantId, origin }: Pick<Peer, 'participantId' | 'origin'>): void {
    this.#access.remove({ participantId, origin });
  }

  setLocked(locked: boolean): void {
    if (this.#access.setLocked(locked)) this.#options.roster.tellAll('roomLockChanged', { locked });
  }

  /** Switched off, it lets in all who wait for no other reason. */
  setWaitingRoom(on: boolean): void {
    if (!this.#access.setWaitingRoom(on)) return;
    this.#options.roster.tellAll('waitingRoomChanged', { on });
    for (const { participantId, entrant } of this.#waiting.all) {
      if (!this.#access.needsAdmission(entrant)) this.#admit(participantId);
    }
  }

  /**
   * Waits to be admitted; who needs no admission is admitted at once.
   * @throws ParleyError `REMOVED`, `ROOM_LOCKED`, `ADMISSION_REFUSED`, `WAITING_ROOM_FULL`
   */
  knock(knock: Knock): void {
    const { identity, connectionId, onAdmitted, onDismissed } = knock;
    const entrant = this.#entrantOf(knock);
    this.#access.assertMayWait(entrant);
    if (!this.#access.needsAdmission(entrant)) {
      onAdmitted();
      return;
    }
    const { participantId } = entrant;
    const shown = {
      participantId,
      displayName: identity.displayName,
      waitingSinceMs: Math.round(this.#options.meeting.elapsedMs),
      ...(this.#access.comesFromRemoved(entrant) ? { fromAddressOfRemoved: true as const } : {}),
    };
    const address = knock.origin?.address ?? '';
    this.#waiting.add({ connectionId, participantId, address, entrant, shown, onAdmitted, onDismissed });
    this.#changed();
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  admit(participantId: string): void {
    this.#admit(participantId);
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  refuse(participantId: string): void {
    this.#waiting.refuse(participantId);
    this.#changed();
  }

  /** Does not want to wait any more. */
  stopWaiting(connectionId: string): void {
    if (this.#waiting.leave(connectionId)) this.#changed();
  }

  /** Became a moderator, who knows who waits. */
  tellModerator(peer: Peer): void {
    peer.channel.notify('waitingChanged', this.#list);
  }

  /** Sends away all who wait. */
  close(error: ParleyError): void {
    for (const { participantId } of this.#waiting.all) this.#waiting.take(participantId).onDismissed(error);
  }

  #admit(participantId: string): void {
    const { onAdmitted } = this.#waiting.take(participantId);
    this.#access.enter(participantId);
    onAdmitted();
    this.#changed();
  }

  get #list(): { waiting: WaitingParticipant[] } {
    return { waiting: this.#waiting.all.map(({ shown }) => shown) };
  }

  #changed(): void {
    this.#options.roster.tellAll('waitingChanged', this.#list);
    this.#options.onWaitingChanged();
  }

  #entrantOf({ identity, grants, origin }: Visitor): Entrant {
    const participantId = this.#options.meeting.participantIdOf(identity);
    return { participantId, grants, guest: identity.issuer === 'guest', origin };
  }
}
