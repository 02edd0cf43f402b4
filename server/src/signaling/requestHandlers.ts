import { type ErrorCode, type Grant, type LeaveReason, ParleyError } from '@parley/client-sdk/protocol';
import type { Authenticator, Identity } from '../auth/Authenticator.js';
import type { Session } from '../auth/SessionRegistry.js';
import { type AuditLog, whoOf } from '../observability/AuditLog.js';
import type { Peer, PeerChannel } from '../rooms/Peer.js';
import type { Room } from '../rooms/Room.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import type { RequestHandlers } from './handleRequest.js';
import type { RateLimit } from './RateLimit.js';

/** One connection, from its handshake to its end. */
export interface Connection {
  readonly connectionId: string;
  readonly session: Session;
  readonly authenticator: Authenticator;
  /** What somebody may do in a room, by the room's settings. */
  readonly grantsIn: (identity: Identity, room: string) => ReadonlySet<Grant>;
  readonly audit: AuditLog;
  /** `dismissal`: why the connection is about to be closed. */
  readonly channel: PeerChannel & { readonly dismissal: ParleyError | undefined };
  readonly rooms: RoomRegistry;
  readonly settingsChanges: RateLimit;
  closed: boolean;
  joining: boolean;
  membership: { room: Room; peer: Peer } | undefined;
}

const NOTHING = {} as Record<string, never>;

/** Requests in the order in which a client makes them. */
export const requestHandlers: RequestHandlers<Connection> = {
  async join(connection, { room: name, settings }) {
    if (connection.joining || connection.membership !== undefined) {
      throw new ParleyError('ALREADY_JOINED');
    }
    connection.joining = true;
    try {
      const grants = connection.grantsIn(connection.session.identity, name);
      // Before the room is made: who may not come in must not make one.
      if (!grants.has('join')) throw new ParleyError('FORBIDDEN');
      const room = await connection.rooms.open(name);
      assertOpen(connection);
      const { connectionId, channel, audit } = connection;
      const { identity } = connection.session;
      const { peer, joined } = room.join({ peerId: connectionId, identity, grants, channel, settings });
      connection.membership = { room, peer };
      const { participantId } = peer;
      const { meetingId } = room.meeting;
      audit.record({
        event: 'joined',
        who: whoOf(identity),
        room: name,
        meetingId,
        participantId,
        grants: [...grants],
      });
      return joined;
    } catch (error) {
      if (error instanceof ParleyError && OF_ADMISSION.has(error.code)) {
        denied(connection, { what: 'join', room: name, code: error.code });
      }
      throw error;
    } finally {
      connection.joining = false;
    }
  },

  leave(connection) {
    member(connection);
    leaveRoom(connection, { reason: 'left' });
    return NOTHING;
  },

  async refreshToken(connection, { token }) {
    const identity = await renewed(connection, token);
    const { membership } = connection;
    if (membership !== undefined) {
      const { room, peer } = membership;
      const grants = connection.grantsIn(identity, room.name);
      if (grants.has('join')) room.setGrants(peer, grants);
      else connection.session.end(new ParleyError('FORBIDDEN'));
    }
    return { expiresAtMs: identity.expiresAtMs ?? Number.MAX_SAFE_INTEGER };
  },

  createTransport(connection, request) {
    const { room, peer } = member(connection, request.direction === 'send' ? 'speak' : 'listen');
    return room.createTransport(peer, request);
  },

  async connectTransport(connection, request) {
    const { room, peer } = member(connection);
    await room.connectTransport(peer, request);
    return NOTHING;
  },

  restartIce(connection, { transportId }) {
    const { room, peer } = member(connection);
    return room.restartIce(peer, transportId);
  },

  produce(connection, request) {
    const { room, peer } = member(connection, 'speak');
    return room.produce(peer, request);
  },

  async pauseProducer(connection, { producerId }) {
    const { room, peer } = member(connection);
    await room.setProducerPaused(peer, { producerId, paused: true });
    return NOTHING;
  },

  async resumeProducer(connection, { producerId }) {
    const { room, peer } = member(connection, 'speak');
    await room.setProducerPaused(peer, { producerId, paused: false });
    return NOTHING;
  },

  async closeProducer(connection, { producerId }) {
    const { room, peer } = member(connection);
    await room.closeProducer(peer, producerId);
    return NOTHING;
  },

  async resumeConsumer(connection, { consumerId }) {
    const { room, peer } = member(connection, 'listen');
    await room.resumeConsumer(peer, consumerId);
    return NOTHING;
  },

  resumeTranscript(connection, { afterSeq }) {
    return member(connection, 'readTranscript').room.resumeTranscript(afterSeq);
  },

  getSettings(connection) {
    const { room, peer } = member(connection);
    return room.settingsFor(peer);
  },

  updateSettings(connection, request) {
    const { room, peer } = member(connection);
    connection.settingsChanges.take();
    return room.updateSettings(peer, request);
  },

  async getLedger(connection) {
    return { ledgers: await member(connection, 'readTranscript').room.ledgers() };
  },

  async muteParticipant(connection, { participantId }) {
    const { room } = member(connection, 'moderate');
    await room.mute(participantId);
    moderated(connection, { action: 'mute', of: participantId });
    return NOTHING;
  },

  removeParticipant(connection, { participantId }) {
    const { room } = member(connection, 'moderate');
    room.remove(participantId);
    moderated(connection, { action: 'remove', of: participantId });
    return NOTHING;
  },

  setRoomLocked(connection, { locked }) {
    member(connection, 'moderate').room.setLocked(locked);
    moderated(connection, { action: locked ? 'lock' : 'unlock' });
    return NOTHING;
  },

  endMeeting(connection) {
    const { room } = member(connection, 'moderate');
    moderated(connection, { action: 'end' });
    // Last words take a while to become text; the answer must not.
    void room.end();
    return NOTHING;
  },

  subscribeDiagnostics(connection, { on }) {
    const { room, peer } = member(connection, 'readTranscript');
    connection.settingsChanges.take();
    room.setDiagnostics(peer, on);
    return NOTHING;
  },
};

/** Why somebody could not come into a room, as far as it is worth a line in the audit log. */
const OF_ADMISSION: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FORBIDDEN',
  'ROOM_FULL',
  'ROOM_LOCKED',
  'REMOVED',
  'TOO_MANY_ROOMS',
]);
/** The room has taken somebody out before their connection ended: that is why they left. */
const OF_ROOM: Partial<Record<ErrorCode, LeaveReason>> = {
  REMOVED: 'removed',
  MEETING_ENDED: 'meetingEnded',
  DUPLICATE_PARTICIPANT: 'replaced',
};

/** Out of the room with all media, where the connection is in one. `code`: why the server ends the connection. */
export function leaveRoom(connection: Connection, why: { reason: LeaveReason; code?: ErrorCode }): void {
  const { membership, audit, channel } = connection;
  connection.membership = undefined;
  if (membership === undefined) return;
  const { room, peer } = membership;
  room.leave(peer, why.reason);
  const { room: name, meetingId } = room.meeting;
  const code = why.code ?? channel.dismissal?.code;
  audit.record({
    event: 'left',
    room: name,
    meetingId,
    participantId: peer.participantId,
    reason: (code === undefined ? undefined : OF_ROOM[code]) ?? why.reason,
    ...(code === undefined ? {} : { code }),
  });
}

/** @throws ParleyError as `Authenticator.authenticate` and `Session.renew` */
async function renewed(connection: Connection, token: string): Promise<Identity> {
  try {
    const identity = await connection.authenticator.authenticate({ kind: 'token', token });
    connection.session.renew(identity, token);
    return identity;
  } catch (error) {
    if (error instanceof ParleyError) denied(connection, { what: 'refreshToken', code: error.code });
    throw error;
  }
}

/** After something was waited for. @throws ParleyError: why the connection has ended, or is about to */
function assertOpen({ closed, channel }: Connection): void {
  if (channel.dismissal !== undefined) throw channel.dismissal;
  if (closed) throw new ParleyError('CONNECTION_LOST');
}

/**
 * @throws ParleyError `NOT_JOINED`; why the room has let somebody go whose connection is not closed yet; `FORBIDDEN` without the grant,
 * as it stands at this moment
 */
function member(connection: Connection, grant?: Grant): { room: Room; peer: Peer } {
  const { membership, channel } = connection;
  if (membership === undefined) {
    throw new ParleyError('NOT_JOINED');
  }
  const { room, peer } = membership;
  if (!room.holds(peer)) throw channel.dismissal ?? new ParleyError('NOT_JOINED');
  if (grant !== undefined && !peer.may(grant)) {
    denied(connection, { what: grant, room: room.name, code: 'FORBIDDEN' });
    throw new ParleyError('FORBIDDEN');
  }
  return membership;
}

function denied(connection: Connection, refused: { what: string; code: ErrorCode; room?: string }): void {
  const { audit, session } = connection;
  audit.record({ event: 'denied', who: whoOf(session.identity), ...refused });
}

function moderated(
  connection: Connection,
  done: { action: 'mute' | 'remove' | 'lock' | 'unlock' | 'end'; of?: string },
): void {
  const { membership, audit } = connection;
  if (membership === undefined) return;
  const { room, peer } = membership;
  const { room: name, meetingId } = room.meeting;
  audit.record({ event: 'moderated', room: name, meetingId, participantId: peer.participantId, ...done });
}
