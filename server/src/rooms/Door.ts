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
  /** The list of those who wait has changed. */
  onWaitingChanged: () => void;
}

/** A person who wants to join. */
export interface Visitor {
  identity: Identity;
  grants: ReadonlySet<Grant>;
  origin?: Origin | undefined;
  roomSecret?: string | undefined;
}

/** A visitor who has to wait, and what to call when that ends. */
export interface Knock extends Visitor, Pick<Waiter, 'onAdmitted' | 'onDismissed'> {
  connectionId: string;
}

type Waiting = Waiter & { entrant: Entrant; shown: WaitingParticipant };

/**
 * Decides how a visitor gets into a room: at once, admitted by a moderator, or not at all. `RoomAccess` has the rules, `WaitingList` those
 * who wait. They are not in the roster: until they are admitted or refused, nothing is sent to them.
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

  /** Number of visitors who wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The door's part of the answer to a join. */
  shownTo(peer: Pick<Peer, 'may'>): Pick<JoinResult, 'locked' | 'waitingRoom' | 'waiting' | 'roomSecret'> {
    const { locked, waitingRoom, secret } = this.#access;
    if (!peer.may('moderate')) return { locked, waitingRoom };
    return { locked, waitingRoom, ...this.#list, ...(secret === undefined ? {} : { roomSecret: secret }) };
  }

  /** @throws ParleyError `REMOVED`, `ROOM_LOCKED`, `ROOM_SECRET_REQUIRED`, `ADMISSION_REQUIRED` */
  assertMayEnter(visitor: Visitor): void {
    this.#access.assertMayEnter(this.#entrantOf(visitor));
  }

  /** Whether a visitor may learn nothing about the meeting: they were removed, or have to be admitted first. */
  keepsOut(visitor: Visitor): boolean {
    const entrant = this.#entrantOf(visitor);
    return this.#access.hasRemoved(entrant.participantId) || this.#access.needsAdmission(entrant);
  }

  /** A participant has joined. */
  enter(participantId: string): void {
    this.#access.enter(participantId);
    if (this.#waiting.all.some((each) => each.participantId === participantId)) this.#admit(participantId);
  }

  /** A participant has left on purpose. */
  forget(participantId: string): void {
    this.#access.forget(participantId);
  }

  /** @param code with which they are refused from now on */
  remove({ participantId, origin }: Pick<Peer, 'participantId' | 'origin'>, code?: 'REMOVED' | 'FLOODING'): void {
    this.#access.remove({ participantId, origin: this.#digestOf(origin) }, code);
  }

  /** Makes a new secret, which guests need to join from now on. Moderators are notified. */
  renewSecret(): string {
    const roomSecret = this.#access.renewSecret();
    this.#options.roster.tellAll('roomSecretChanged', { roomSecret });
    return roomSecret;
  }

  setLocked(locked: boolean): void {
    if (this.#access.setLocked(locked)) this.#options.roster.tellAll('roomLockChanged', { locked });
  }

  /** When turned off, visitors who wait for no other reason are admitted. */
  setWaitingRoom(on: boolean): void {
    if (!this.#access.setWaitingRoom(on)) return;
    this.#options.roster.tellAll('waitingRoomChanged', { on });
    for (const { participantId, entrant } of this.#waiting.all) {
      if (!this.#access.needsAdmission(entrant)) this.#admit(participantId);
    }
  }

  /**
   * Adds a visitor to the waiting list, or admits them at once if they do not need a moderator.
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

  /** The visitor no longer waits. */
  stopWaiting(connectionId: string): void {
    if (this.#waiting.leave(connectionId)) this.#changed();
  }

  /** Sends a new moderator what only moderators see. */
  tellModerator(peer: Peer): void {
    peer.channel.notify('waitingChanged', this.#list);
    const { secret } = this.#access;
    if (secret !== undefined) peer.channel.notify('roomSecretChanged', { roomSecret: secret });
  }

  /** Dismisses everyone who waits. */
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

  /** The digests that are kept: they are useless outside this meeting. */
  #digestOf(origin: Origin | undefined): Origin | undefined {
    if (origin === undefined) return undefined;
    const { meeting } = this.#options;
    const { address, device } = origin;
    return { address: meeting.digestOf(address), device: device === undefined ? undefined : meeting.digestOf(device) };
  }
}
