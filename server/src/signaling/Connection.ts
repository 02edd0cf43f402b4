import {
  type ErrorCode,
  type Grant,
  type LeaveReason,
  ParleyError,
  type RequestOf,
  type ResponseOf,
  type SpeechOverrides,
} from '@parley/client-sdk/protocol';
import type { Authenticator, Identity } from '../auth/Authenticator.js';
import type { Session, SessionRegistry } from '../auth/SessionRegistry.js';
import type { MessageLimiter } from '../edge/MessageLimiter.js';
import { type AuditEvent, type AuditLog, whoOf } from '../observability/AuditLog.js';
import type { Visitor } from '../rooms/Door.js';
import type { Peer, PeerChannel } from '../rooms/Peer.js';
import type { Room } from '../rooms/Room.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';

/** Shared by all connections of a server. */
export interface ConnectionContext {
  sessions: SessionRegistry;
  authenticator: Authenticator;
  /** The grants of an identity in a room, by the room's settings. */
  grantsIn: (identity: Identity, room: string) => ReadonlySet<Grant>;
  audit: AuditLog;
  rooms: Pick<RoomRegistry, 'enter'>;
  messageLimiter: MessageLimiter;
}

export interface ConnectionOptions extends ConnectionContext {
  connectionId: string;
  /** Network address, as limits count it. */
  address: string;
  /** From the device cookie; absent without one. */
  device?: string | undefined;
  identity: Identity;
  /** The token behind the identity; absent for guests. */
  token: string | undefined;
  /** `dismissal`: why the connection is about to be closed. */
  channel: PeerChannel & { readonly dismissal: ParleyError | undefined };
}

/** Refusals of a join that are recorded in the audit log. */
const OF_ADMISSION: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FORBIDDEN',
  'ROOM_FULL',
  'ROOM_LOCKED',
  'REMOVED',
  'ADMISSION_REQUIRED',
  'ADMISSION_REFUSED',
  'ROOM_SECRET_REQUIRED',
  'MODERATOR_KEY_INVALID',
  'WAITING_ROOM_FULL',
  'FLOODING',
  'TOO_MANY_ROOMS',
  'TOO_MANY_OPEN_ROOMS',
  'ROOM_NOT_LISTED',
]);
/** The room removed the peer before its connection ended, which is the reason for leaving. */
const OF_ROOM: Partial<Record<ErrorCode, LeaveReason>> = {
  REMOVED: 'removed',
  FLOODING: 'removed',
  MEETING_ENDED: 'meetingEnded',
  DUPLICATE_PARTICIPANT: 'replaced',
};

type Moderation = Extract<AuditEvent, { event: 'moderated' }>;

/**
 * One connection from its handshake to its end: its session, and its peer in at most one room. Records joins, leaves and refusals in the
 * audit log.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  #closed = false;
  #joining = false;
  #membership: { room: Room; peer: Peer } | undefined;
  /** The room that this connection waits to be admitted to. */
  #waitsFor: Room | undefined;

  /** @throws ParleyError `SIGNED_OUT` if this happened since the handshake */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { sessions, identity, token, channel } = options;
    this.#session = sessions.open({
      identity,
      token,
      onExpiring: (expiring) => channel.notify('tokenExpiring', expiring),
      onEnd: (error) => {
        // Media end first, because that does not depend on anyone else.
        this.leaveRoom({ reason: 'connectionLost', code: error.code });
        this.end(error);
      },
    });
  }

  /** Has not joined a room, is not about to, and does not wait to be admitted. */
  get idle(): boolean {
    return this.#membership === undefined && !this.#joining && this.#waitsFor === undefined;
  }

  /** Checked before each request. @throws ParleyError `RATE_LIMITED`, or why the connection is about to be closed */
  admit(): void {
    const { channel, messageLimiter, connectionId, address, identity } = this.#options;
    // Removed or signed out a moment ago, and not closed yet.
    if (channel.dismissal !== undefined) throw channel.dismissal;
    try {
      const guestAt = identity.issuer === 'guest' ? address : undefined;
      messageLimiter.take({ socketId: connectionId, person: this.#who, guestAt });
    } catch (error) {
      if (messageLimiter.refuse(connectionId) && !this.#closed) this.end(new ParleyError('RATE_LIMITED'));
      throw error;
    }
  }

  /** @throws ParleyError `RATE_LIMITED` */
  admitChangeOfSettings(): void {
    this.#options.messageLimiter.takeChangeOfSettings(this.#options.connectionId);
  }

  join({ room: name, settings, ...shown }: RequestOf<'join'>): Promise<ResponseOf<'join'>> {
    const { connectionId, channel } = this.#options;
    return this.#enter({ name, settings, what: 'join' }, ({ room, ...visitor }) => {
      const came = room.join({ ...visitor, ...shown, peerId: connectionId, channel, settings });
      const { peer, joined, moderatesBy, consented } = came;
      this.#membership = { room, peer };
      this.#audit({
        event: 'joined',
        who: this.#who,
        ...inMeeting({ room, peer }),
        grants: [...peer.grants],
        ...(moderatesBy === undefined ? {} : { moderatesBy }),
      });
      if (consented) this.consented('consentGiven');
      return joined;
    });
  }

  /** Waits to be admitted to a room. The client is notified of the outcome. */
  requestAdmission({ room: name, roomSecret }: RequestOf<'requestAdmission'>): Promise<void> {
    const { connectionId, channel } = this.#options;
    return this.#enter({ name, what: 'requestAdmission' }, ({ room, ...visitor }) => {
      this.#waitsFor = room;
      try {
        room.door.knock({
          ...visitor,
          roomSecret,
          connectionId,
          onAdmitted: () => {
            this.#waitsFor = undefined;
            channel.notify('admitted', { room: name });
          },
          onDismissed: (error) => {
            this.#waitsFor = undefined;
            this.#denied({ what: 'admission', room: name, code: error.code });
            channel.disconnect(error);
          },
        });
      } catch (error) {
        this.#waitsFor = undefined;
        throw error;
      }
    });
  }

  /** @returns whether it waited to be admitted */
  stopWaiting(): boolean {
    const room = this.#waitsFor;
    this.#waitsFor = undefined;
    room?.door.stopWaiting(this.#options.connectionId);
    return room !== undefined;
  }

  /** Finds or opens a room, and enters it. */
  async #enter<T>(
    { name, settings, what }: { name: string; settings?: SpeechOverrides | undefined; what: string },
    enter: (at: { room: Room } & Visitor) => T,
  ): Promise<T> {
    if (!this.idle) throw new ParleyError('ALREADY_JOINED');
    this.#joining = true;
    const { rooms, address, device } = this.#options;
    const { identity } = this.#session;
    try {
      // Checked before the room is opened: without the right to join, no room may be opened.
      this.#grantsToJoin(name);
      return await rooms.enter({ room: name, identity, address, settings }, (room) => {
        this.#assertOpen();
        // Checked again: a newer token may have taken the right away in the meantime.
        const grants = this.#grantsToJoin(name);
        return enter({ room, identity: this.#session.identity, grants, origin: { address, device } });
      });
    } catch (error) {
      if (error instanceof ParleyError && OF_ADMISSION.has(error.code)) {
        this.#denied({ what, room: name, code: error.code });
      }
      throw error;
    } finally {
      this.#joining = false;
    }
  }

  /**
   * The room of this connection, and its peer.
   * @throws ParleyError `NOT_JOINED`; if the room has removed the peer and the connection is not closed yet, the reason for that;
   * `FORBIDDEN` if the grant is currently missing
   */
  member(grant?: Grant): { room: Room; peer: Peer } {
    const membership = this.#membership;
    if (membership === undefined) throw new ParleyError('NOT_JOINED');
    const { room, peer } = membership;
    if (!room.holds(peer)) throw this.#options.channel.dismissal ?? new ParleyError('NOT_JOINED');
    if (grant !== undefined && !peer.may(grant)) {
      this.#denied({ what: grant, room: room.name, code: 'FORBIDDEN' });
      throw new ParleyError('FORBIDDEN');
    }
    return membership;
  }

  /** Leaves the room with all media, if in one. `code`: why the server ends the connection. */
  leaveRoom(why: { reason: LeaveReason; code?: ErrorCode }): void {
    this.stopWaiting();
    const membership = this.#membership;
    this.#membership = undefined;
    if (membership === undefined) return;
    membership.room.leave(membership.peer, why.reason);
    const code = why.code ?? this.#options.channel.dismissal?.code;
    const reason = (code === undefined ? undefined : OF_ROOM[code]) ?? why.reason;
    this.#audit({ event: 'left', ...inMeeting(membership), reason, ...(code === undefined ? {} : { code }) });
  }

  /** Replaces the token; the new grants apply in the room. @throws ParleyError as `Authenticator.authenticate` and `Session.renew` */
  async refreshToken(token: string): Promise<ResponseOf<'refreshToken'>> {
    const identity = await this.#renewed(token);
    const membership = this.#membership;
    if (membership !== undefined) {
      const { room, peer } = membership;
      const grants = this.#options.grantsIn(identity, room.name);
      if (grants.has('join')) room.setGrants(peer, grants);
      else this.#session.end(new ParleyError('FORBIDDEN'));
    }
    return { expiresAtMs: identity.expiresAtMs ?? Number.MAX_SAFE_INTEGER };
  }

  /** For the audit log. */
  moderated(done: Pick<Moderation, 'action' | 'of'>): void {
    if (this.#membership !== undefined) this.#audit({ event: 'moderated', ...inMeeting(this.#membership), ...done });
  }

  /** For the audit log: that this participant consents to being transcribed, or no longer does. */
  consented(event: 'consentGiven' | 'consentWithdrawn'): void {
    const membership = this.#membership;
    if (membership === undefined) return;
    const { version } = membership.room.consentWording;
    this.#audit({ event, who: this.#who, version, ...inMeeting(membership) });
  }

  /** For the audit log. @param settings their names */
  roomSettingsChanged(settings: readonly string[]): void {
    if (this.#membership === undefined || settings.length === 0) return;
    this.#audit({ event: 'roomSettingsChanged', ...inMeeting(this.#membership), settings });
  }

  /** Ends the connection from this side, with a reason. */
  end(error: ParleyError): void {
    this.#audit({ event: 'ended', code: error.code, who: this.#who });
    this.#options.channel.disconnect(error);
  }

  /** The client is too slow. The channel ends the connection; further answers would only wait, too. */
  giveUp(): void {
    this.#closed = true;
    this.leaveRoom({ reason: 'connectionLost', code: 'SLOW_CONSUMER' });
  }

  /** The socket is closed. Idempotent. */
  close(reason: 'left' | 'connectionLost'): void {
    this.#closed = true;
    this.#session.close();
    this.leaveRoom({ reason });
  }

  async #renewed(token: string): Promise<Identity> {
    try {
      const identity = await this.#options.authenticator.authenticate({ kind: 'token', token });
      this.#session.renew(identity, token);
      return identity;
    } catch (error) {
      if (error instanceof ParleyError) this.#denied({ what: 'refreshToken', code: error.code });
      throw error;
    }
  }

  /** @throws ParleyError `FORBIDDEN` */
  #grantsToJoin(room: string): ReadonlySet<Grant> {
    const grants = this.#options.grantsIn(this.#session.identity, room);
    if (!grants.has('join')) throw new ParleyError('FORBIDDEN');
    return grants;
  }

  /** Call after each wait. @throws ParleyError: why the connection has ended, or is about to */
  #assertOpen(): void {
    const { dismissal } = this.#options.channel;
    if (dismissal !== undefined) throw dismissal;
    if (this.#closed) throw new ParleyError('CONNECTION_LOST');
  }

  get #who(): string {
    return whoOf(this.#options.identity);
  }

  #denied(refused: { what: string; code: ErrorCode; room?: string }): void {
    this.#audit({ event: 'denied', who: this.#who, ...refused });
  }

  #audit(event: AuditEvent): void {
    this.#options.audit.record(event);
  }
}

function inMeeting({ room, peer }: { room: Room; peer: Peer }) {
  return { room: room.name, meetingId: room.meeting.meetingId, participantId: peer.participantId };
}
