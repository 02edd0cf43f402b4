import { randomBytes } from 'node:crypto';
import { type Grant, ParleyError } from '@parley/client-sdk/protocol';
import { sameText } from '../auth/sameText.js';

/** Maximum number of entries of each kind; the oldest are dropped first. */
const MOST_REMEMBERED = 10_000;
const SECRET_BYTES = 16;

/** Where a connection comes from. Kept for one meeting at most, and never logged. */
export interface Origin {
  /** What limits count by: an IPv4 address, or the network of an IPv6 one. */
  address: string;
  /** Of the device cookie; absent without one. */
  device?: string | undefined;
}

/** A visitor, as the rules see them. */
export interface Entrant {
  participantId: string;
  grants: ReadonlySet<Grant>;
  /** No one vouches for a guest's subject: they may come back with another one. */
  guest?: boolean;
  origin?: Origin | undefined;
  roomSecret?: string | undefined;
}

/**
 * Who may join a meeting, besides grants: the lock, the waiting room, and removals. Removed participants are refused by subject. Guests can
 * choose another subject, so their device is refused, too. Other people may share their address, so new guests from there are not refused,
 * but have to be admitted by a moderator.
 */
export class RoomAccess {
  #locked = false;
  #waitingRoom: boolean;
  #secret: string | undefined;
  readonly #removed = new Set<string>();
  /** Removed by the server itself. */
  readonly #flooded = new Set<string>();
  readonly #removedDevices = new Set<string>();
  readonly #removedAddresses = new Set<string>();
  /** Participants who are present, were admitted, or lost their connection: neither lock nor waiting room excludes them. */
  readonly #belonging = new Set<string>();

  constructor({ waitingRoom = false }: { waitingRoom?: boolean } = {}) {
    this.#waitingRoom = waitingRoom;
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** Whether newcomers wait until a moderator admits them. */
  get waitingRoom(): boolean {
    return this.#waitingRoom;
  }

  /** @returns whether it changed anything */
  setLocked(locked: boolean): boolean {
    const changed = this.#locked !== locked;
    this.#locked = locked;
    return changed;
  }

  /** @returns whether it changed anything */
  setWaitingRoom(on: boolean): boolean {
    const changed = this.#waitingRoom !== on;
    this.#waitingRoom = on;
    return changed;
  }

  /** What guests need to join, if a moderator has made one. */
  get secret(): string | undefined {
    return this.#secret;
  }

  /** The earlier secret becomes invalid. */
  renewSecret(): string {
    this.#secret = randomBytes(SECRET_BYTES).toString('base64url');
    return this.#secret;
  }

  /** @throws ParleyError `REMOVED`, `FLOODING`, `ROOM_LOCKED`, `ROOM_SECRET_REQUIRED`, `ADMISSION_REQUIRED` */
  assertMayEnter(entrant: Entrant): void {
    this.assertMayWait(entrant);
    if (this.needsAdmission(entrant)) throw new ParleyError('ADMISSION_REQUIRED');
  }

  /** @throws ParleyError `REMOVED`, `FLOODING`, `ROOM_LOCKED`, `ROOM_SECRET_REQUIRED` */
  assertMayWait({ participantId, grants, guest = false, origin, roomSecret }: Entrant): void {
    if (this.#removed.has(participantId)) throw new ParleyError('REMOVED');
    if (this.#flooded.has(participantId)) throw new ParleyError('FLOODING');
    if (this.#belonging.has(participantId)) return;
    if (guest && origin?.device !== undefined && this.#removedDevices.has(origin.device)) {
      throw new ParleyError('REMOVED');
    }
    if (grants.has('moderate')) return;
    if (this.#locked) throw new ParleyError('ROOM_LOCKED');
    if (guest && this.#secret !== undefined && !sameText(roomSecret ?? '', this.#secret)) {
      throw new ParleyError('ROOM_SECRET_REQUIRED');
    }
  }

  /** Whether a moderator has to admit them. */
  needsAdmission(entrant: Entrant): boolean {
    if (entrant.grants.has('moderate') || this.#belonging.has(entrant.participantId)) return false;
    return this.#waitingRoom || this.comesFromRemoved(entrant);
  }

  /** Whether they are a guest at the address of a removed participant. */
  comesFromRemoved({ guest = false, origin }: Entrant): boolean {
    return guest && origin !== undefined && this.#removedAddresses.has(origin.address);
  }

  /** From now on the participant belongs to the meeting. */
  enter(participantId: string): void {
    remember(this.#belonging, participantId);
  }

  /** A participant has left on purpose, and rejoins like anyone else. */
  forget(participantId: string): void {
    this.#belonging.delete(participantId);
  }

  hasRemoved(participantId: string): boolean {
    return this.#removed.has(participantId) || this.#flooded.has(participantId);
  }

  /** Does not let the participant in again. @param code with which they are refused from now on */
  remove(
    { participantId, origin }: Pick<Entrant, 'participantId' | 'origin'>,
    code: 'REMOVED' | 'FLOODING' = 'REMOVED',
  ): void {
    this.#belonging.delete(participantId);
    remember(code === 'FLOODING' ? this.#flooded : this.#removed, participantId);
    if (origin === undefined) return;
    remember(this.#removedAddresses, origin.address);
    if (origin.device !== undefined) remember(this.#removedDevices, origin.device);
  }
}

/** Adds as the newest of its set. */
function remember(set: Set<string>, entry: string): void {
  set.delete(entry);
  set.add(entry);
  const [oldest] = set;
  if (set.size > MOST_REMEMBERED && oldest !== undefined) set.delete(oldest);
}
