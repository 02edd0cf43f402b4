import { type ErrorCode, type Grant, ParleyError, type ParticipantLedger } from '@parley/client-sdk/protocol';
import { roomNameSchema } from '@parley/client-sdk/protocol/schema';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Identity } from '../auth/Authenticator.js';
import type { Bearer } from '../auth/Bearer.js';
import { type AuditLog, whoOf } from '../observability/AuditLog.js';
import type { Door } from '../rooms/Door.js';
import type { Readers } from '../rooms/Readers.js';

export interface RoomRoutesOptions {
  /** @throws ParleyError `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `SIGNED_OUT`, `IDENTITY_UNAVAILABLE` */
  identify: (token: string) => Promise<Bearer>;
  /** The grants of an identity in a room, as over a socket. */
  grantsIn: (identity: Identity, room: string) => ReadonlySet<Grant>;
  /** The current meeting of a room. */
  roomNamed: (name: string) =>
    | Promise<{
        ledgers(): Promise<ParticipantLedger[]>;
        door: Pick<Door, 'keepsOut'>;
        readers: Pick<Readers, 'answers'>;
      }>
    | undefined;
  audit: AuditLog;
  /** Bounds how often one address may ask. Default: nothing does. */
  limit?: RequestHandler;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  TOKEN_EXPIRED: 401,
  SIGNED_OUT: 401,
  INVALID_ROOM_NAME: 400,
  FORBIDDEN: 403,
  ROOM_NOT_FOUND: 404,
  IDENTITY_UNAVAILABLE: 503,
  MEDIA_UNAVAILABLE: 503,
};
/** Either grant is enough. */
const OF_LEDGERS: readonly Grant[] = ['readTranscript', 'administer'];

/** The HTTP API for programs that read a running meeting. */
export function roomRoutes(options: RoomRoutesOptions): Router {
  const router = Router();
  router.get('/api/rooms/:room/ledger', options.limit ?? pass, async (request, response) => {
    response.set('Cache-Control', 'no-store');
    try {
      const ledgers = await ledgersFor(options, request);
      response.json({ ledgers });
    } catch (error) {
      refuse(response, error);
    }
  });
  return router;
}

const pass: RequestHandler = (_request, _response, next) => next();

/** The same ledgers as `getLedger` over a socket: one per participant's track in this meeting. */
async function ledgersFor(options: RoomRoutesOptions, request: Request): Promise<ParticipantLedger[]> {
  const { identify, roomNamed, audit } = options;
  const name = roomNameSchema.safeParse(request.params.room);
  if (!name.success) throw new ParleyError('INVALID_ROOM_NAME');
  const denied = (error: ParleyError, who?: Identity) => {
    const of = who === undefined ? {} : { who: whoOf(who) };
    audit.record({ event: 'denied', what: 'readLedger', code: error.code, room: name.data, ...of });
    return error;
  };
  const bearer = await identify(/^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '').catch(
    (error: unknown) => {
      throw error instanceof ParleyError ? denied(error) : error;
    },
  );
  const identity = 'identity' in bearer ? bearer.identity : undefined;
  const grants = grantsOf({ bearer, room: name.data, grantsIn: options.grantsIn });
  // Checked before the room is looked up, so that the answer does not reveal whether there is a meeting.
  if (!OF_LEDGERS.some((grant) => grants.has(grant))) throw denied(new ParleyError('FORBIDDEN'), identity);
  const room = await roomNamed(name.data);
  if (room === undefined) throw new ParleyError('ROOM_NOT_FOUND');
  const keptOut = identity !== undefined && room.door.keepsOut({ identity, grants });
  if (keptOut || !room.readers.answers({ identity, grants })) throw denied(new ParleyError('FORBIDDEN'), identity);
  return await room.ledgers();
}

function grantsOf(options: {
  bearer: Bearer;
  room: string;
  grantsIn: RoomRoutesOptions['grantsIn'];
}): ReadonlySet<Grant> {
  const { bearer, room, grantsIn } = options;
  if ('identity' in bearer) return grantsIn(bearer.identity, room);
  const { rooms, grants } = bearer.minter;
  return new Set(rooms === '*' || rooms.includes(room) ? grants : []);
}

/** @throws errors that are not refusals, for the app to report */
function refuse(response: Response, error: unknown): void {
  const status = error instanceof ParleyError ? STATUS[error.code] : undefined;
  if (status === undefined) throw error;
  response.status(status).json({ error: (error as ParleyError).toWire() });
}
