import { ParleyError } from '@parley/client-sdk/protocol';
import type { Identity } from '../auth/Authenticator.js';
import type { Peer, PeerChannel } from '../rooms/Peer.js';
import type { Room } from '../rooms/Room.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import type { RequestHandlers } from './handleRequest.js';
import type { RateLimit } from './RateLimit.js';

/** One connection, from its handshake to its end. */
export interface Connection {
  readonly connectionId: string;
  readonly identity: Identity;
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
      const room = await connection.rooms.open(name);
      if (connection.closed) {
        throw new ParleyError('CONNECTION_LOST');
      }
      const { connectionId, identity, channel } = connection;
      const { peer, joined } = room.join({ peerId: connectionId, identity, channel, settings });
      connection.membership = { room, peer };
      return joined;
    } finally {
      connection.joining = false;
    }
  },

  leave(connection) {
    const { room, peer } = member(connection);
    connection.membership = undefined;
    room.leave(peer, 'left');
    return NOTHING;
  },

  createTransport(connection, request) {
    const { room, peer } = member(connection);
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
    const { room, peer } = member(connection);
    return room.produce(peer, request);
  },

  async pauseProducer(connection, { producerId }) {
    const { room, peer } = member(connection);
    await room.setProducerPaused(peer, { producerId, paused: true });
    return NOTHING;
  },

  async resumeProducer(connection, { producerId }) {
    const { room, peer } = member(connection);
    await room.setProducerPaused(peer, { producerId, paused: false });
    return NOTHING;
  },

  async closeProducer(connection, { producerId }) {
    const { room, peer } = member(connection);
    await room.closeProducer(peer, producerId);
    return NOTHING;
  },

  async resumeConsumer(connection, { consumerId }) {
    const { room, peer } = member(connection);
    await room.resumeConsumer(peer, consumerId);
    return NOTHING;
  },

  resumeTranscript(connection, { afterSeq }) {
    return member(connection).room.resumeTranscript(afterSeq);
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
    return { ledgers: await member(connection).room.ledgers() };
  },

  subscribeDiagnostics(connection, { on }) {
    const { room, peer } = member(connection);
    connection.settingsChanges.take();
    room.setDiagnostics(peer, on);
    return NOTHING;
  },
};

function member(connection: Connection): { room: Room; peer: Peer } {
  if (connection.membership === undefined) {
    throw new ParleyError('NOT_JOINED');
  }
  return connection.membership;
}
