import { type Grant, type LeaveReason, ParleyError } from '@parley/client-sdk/protocol';
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
  readonly channel: PeerChannel;
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
      if (!grants.has('join')) throw denied(connection, { what: 'join', room: name });
      const room = await connection.rooms.open(name);
      if (connection.closed) {
        throw new ParleyError('CONNECTION_LOST');
      }
      const { connectionId, channel, audit } = connection;
      const { identity } = connection.session;
      const { peer, joined } = room.join({ peerId: connectionId, identity, grants, channel, settings });
      connection.membership = { room, peer };
      const { participantId } = peer;
      const { meetingId } = room;
      audit.record({
        event: 'joined',
        who: whoOf(identity),
        room: name,
        meetingId,
        participantId,
        grants: [...grants],
      });
      return joined;
    } finally {
      connection.joining = false;
    }
  },

  leave(connection) {
    member(connection);
    leaveRoom(connection, 'left');
    return NOTHING;
  },

  async refreshToken(connection, { token }) {
    const identity = await connection.authenticator.authenticate({ kind: 'token', token });
    connection.session.renew(identity, token);
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

/** Out of the room with all media, where the connection is in one. */
export function leaveRoom(connection: Connection, reason: LeaveReason): void {
  const { membership, audit } = connection;
  connection.membership = undefined;
  if (membership === undefined) return;
  const { room, peer } = membership;
  room.leave(peer, reason);
  const { name, meetingId } = room;
  audit.record({ event: 'left', room: name, meetingId, participantId: peer.participantId, reason });
}

/** @throws ParleyError `NOT_JOINED`; `FORBIDDEN` without the grant, as it stands at this moment */
function member(connection: Connection, grant?: Grant): { room: Room; peer: Peer } {
  const { membership } = connection;
  if (membership === undefined) {
    throw new ParleyError('NOT_JOINED');
  }
  if (grant !== undefined && !membership.peer.may(grant)) {
    throw denied(connection, { what: grant, room: membership.room.name });
  }
  return membership;
}

function denied(connection: Connection, refused: { what: string; room: string }): ParleyError {
  const { audit, session } = connection;
  audit.record({ event: 'denied', code: 'FORBIDDEN', who: whoOf(session.identity), ...refused });
  return new ParleyError('FORBIDDEN');
}

function moderated(
  connection: Connection,
  done: { action: 'mute' | 'remove' | 'lock' | 'unlock' | 'end'; of?: string },
): void {
  const { membership, audit } = connection;
  if (membership === undefined) return;
  const { room, peer } = membership;
  const { name, meetingId } = room;
  audit.record({ event: 'moderated', room: name, meetingId, participantId: peer.participantId, ...done });
}
