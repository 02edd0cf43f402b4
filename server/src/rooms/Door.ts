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
  roomSecret?: string | undefined;
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
  shownTo(peer: Pick<Peer, 'may'>): Pick<JoinResult, 'locked' | 'waitingRoom' | 'waiting' | 'roomSecret'> {
    const { locked, waitingRoom, secret } = this.#access;
    if (!peer.may('moderate')) return { locked, waitingRoom };
    return { locked, waitingRoom, ...this.#list, ...(secret === undefined ? {} : { roomSecret: secret }) };
  }

  /** @throws ParleyError `REMOVED`, `ROOM_LOCKED`, `ROOM_SECRET_REQUIRED`, `ADMISSION_REQUIRED` */
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

  /** @param code of the refusal from now on */
  remove({ participantId, origin }: Pick<Peer, 'participantId' | 'origin'>, code?: 'REMOVED' | 'FLOODING'): void {
    this.#access.remove({ participantId, origin: this.#digestOf(origin) }, code);
  }

  /** What guests need from now on to come in; moderators are told. */
  renewSecret(): string {
    const roomSecret = this.#access.renewSecret();
    this.#options.roster.tellAll('roomSecretChanged', { roomSecret });
    return roomSecret;
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
   * @throws ParleyError `REMOVED`, `ROOM_LOCKED`, `ROOM_SECRET_REQUIRED`, `ADMISSION_REFUSED`, `WAITING_ROOM_FULL`
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
    const { secret } = this.#access;
    if (secret !== undefined) peer.channel.notify('roomSecretChanged', { roomSecret: secret });
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

  #entrantOf({ identity, grants, origin, roomSecret }: Visitor): Entrant {
    const participantId = this.#options.meeting.participantIdOf(identity);
    return { participantId, grants, guest: identity.issuer === 'guest', origin: this.#digestOf(origin), roomSecret };
  }

  /** As it is remembered: of use in this meeting alone. */
  #digestOf(origin: Origin | undefined): Origin | undefined {
    if (origin === undefined) return undefined;
    const { meeting } = this.#options;
    const { address, device } = origin;
    return { address: meeting.digestOf(address), device: device === undefined ? undefined : meeting.digestOf(device) };
  }
}
