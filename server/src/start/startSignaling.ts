import { ConnectionLimiter } from '../edge/ConnectionLimiter.js';
import { DeviceCookie } from '../edge/DeviceCookie.js';
import { MessageLimiter } from '../edge/MessageLimiter.js';
import { TrafficMeter } from '../edge/TrafficMeter.js';
import type { AuditLog } from '../observability/AuditLog.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import { SignalingServer } from '../signaling/SignalingServer.js';
import type { StartContext } from './StartContext.js';
import type { Edge } from './startEdge.js';
import type { Identities } from './startIdentities.js';

/** Attaches the sockets to the port. */
export function startSignaling(
  options: StartContext & { edge: Edge; audit: AuditLog; identities: Identities; rooms: RoomRegistry },
): SignalingServer {
  const { settings, logger, closing, edge, audit, identities, rooms } = options;
  const { limits } = settings;
  const { authenticator, sessions, grantsIn } = identities;
  const signaling = new SignalingServer({
    httpServer: edge.listener.server,
    originPolicy: edge.originPolicy,
    limitKeyOf: edge.limitKeyOf,
    deviceCookie: new DeviceCookie({ secure: edge.listener.scheme === 'https' }),
    authenticator,
    sessions,
    grantsIn,
    audit,
    rooms,
    connectionLimiter: new ConnectionLimiter({
      connectsPerMinute: limits.connectsPerMinutePerAddress,
      sockets: limits.socketsPerAddress,
      connections: limits.connections,
    }),
    messageLimiter: new MessageLimiter({
      perSecond: limits.messagesPerSecond,
      burst: limits.messageBurst,
      guestsPerSecond: limits.guestMessagesPerSecondPerAddress,
    }),
    trafficMeter: () =>
      new TrafficMeter({ messagesPerSecond: limits.messagesPerSecond, messageBurst: limits.messageBurst }),
    logger,
  });
  closing.defer(() => signaling.close());
  return signaling;
}
