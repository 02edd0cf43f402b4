import { GRANTS, type Grant, ParleyError } from '@parley/client-sdk/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Identity } from '../auth/Authenticator.js';
import { SessionRegistry } from '../auth/SessionRegistry.js';
import { MessageLimiter } from '../edge/MessageLimiter.js';
import type { AuditEvent } from '../observability/AuditLog.js';
import type { Knock } from '../rooms/Door.js';
import type { Peer } from '../rooms/Peer.js';
import type { Room } from '../rooms/Room.js';
import { Connection } from './Connection.js';
import { requestHandlers } from './requestHandlers.js';

const ISSUER = 'https://id.example/realms/parley';
const ADA: Identity = {
  issuer: ISSUER,
  subject: 'ada',
  displayName: 'Ada',
  nameSource: 'guest',
  roles: [],
  sessionId: 's1',
};

let sessions: SessionRegistry;
let events: AuditEvent[];
let left: string[];
let grants: Set<Grant>;
/** Rooms open when `opened` is called. */
let opening: Promise<void>;
let opened: () => void;
let channel: {
  dismissal: ParleyError | undefined;
  notify(name: string, payload: unknown): void;
  disconnect(error: ParleyError): void;
};
let connection: Connection;
/** Those who wait in front of the room. */
let knocks: Knock[];
let notified: unknown[];

beforeEach(() => {
  sessions = new SessionRegistry();
  events = [];
  knocks = [];
  notified = [];
  left = [];
  grants = new Set(GRANTS);
  opening = new Promise((resolve) => {
    opened = resolve;
  });
  channel = {
    dismissal: undefined,
    notify: (name, payload) => void notified.push([name, payload]),
    disconnect: (error) => {
      channel.dismissal ??= error;
    },
  };
  connection = connected();
});

function connected(): Connection {
  return new Connection({
    connectionId: 'c1',
    address: '192.0.2.1',
    identity: ADA,
    token: 'a token',
    sessions,
    authenticator: { description: '', authenticate: async () => ADA },
    grantsIn: () => grants,
    audit: { record: (event) => void events.push(event), close: () => {} },
    rooms: { enter: (_, enter) => opening.then(() => enter(room())) },
    messageLimiter: new MessageLimiter({ perSecond: 1, burst: 2, guestsPerSecond: 20, now: () => 0 }),
    channel,
  });
}

function room(): Room {
  const peer = { participantId: 'p_1', grants, may: (grant: Grant) => grants.has(grant) } as unknown as Peer;
  let within = true;
  return {
    name: 'daily',
    meeting: { meetingId: 'm_1' },
    door: {
      knock: (knock: Knock) => {
        knocks.push(knock);
      },
      stopWaiting: (connectionId: string) => void left.push(`${connectionId} waits no more`),
    },
    join: () => ({ peer, joined: { participantId: 'p_1' } }),
    holds: () => within,
    updateSettings: (_: Peer, { settings }: { settings: { beamSize?: number } }) => {
      if (settings.beamSize === 99) throw new ParleyError('INVALID_SETTINGS');
      return { mode: 'fast', settings };
    },
    mute: (participantId: string) => {
      if (participantId === 'p_nobody') throw new ParleyError('PARTICIPANT_NOT_FOUND');
      return participantId === 'p_lost' ? Promise.reject(new ParleyError('MEDIA_UNAVAILABLE')) : Promise.resolve();
    },
    liftMute: (participantId: string) => participantId === 'p_muted',
    leave: (_: Peer, reason: string) => {
      within = false;
      left.push(reason);
    },
  } as unknown as Room;
}

async function joined(): Promise<void> {
  opened();
  await connection.join({ room: 'daily' });
}

const ofKind = (event: AuditEvent['event']) => events.filter((each) => each.event === event);

describe('joining', () => {
  test('puts it into one room, once, and the audit log says so', async () => {
    expect(connection.idle).toBe(true);
    await joined();
    expect(connection.idle).toBe(false);
    expect(connection.member('speak').room.name).toBe('daily');
    expect(ofKind('joined')).toMatchObject([{ who: `${ISSUER}#ada`, room: 'daily', meetingId: 'm_1' }]);
    await expect(connection.join({ room: 'other' })).rejects.toMatchObject({ code: 'ALREADY_JOINED' });
  });

  test('a second time while the room is being opened is refused', async () => {
    const first = connection.join({ room: 'daily' });
    expect(connection.idle).toBe(false);
    await expect(connection.join({ room: 'daily' })).rejects.toMatchObject({ code: 'ALREADY_JOINED' });
    opened();
    await first;
  });

  test('makes no room without the right to come in, and is written down as denied', async () => {
    grants.delete('join');
    await expect(connection.join({ room: 'daily' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(ofKind('denied')).toMatchObject([{ what: 'join', code: 'FORBIDDEN', room: 'daily' }]);
    expect(connection.idle).toBe(true);
  });

  test.each<[string, () => void, string]>([
    ['its socket is gone', () => connection.close('connectionLost'), 'CONNECTION_LOST'],
    ['it was signed out', () => sessions.signOut({ issuer: ISSUER, sessionId: 's1' }), 'SIGNED_OUT'],
    ['its client takes nothing in', () => connection.giveUp(), 'CONNECTION_LOST'],
  ])('leaves nobody in the room where %s while it is being opened', async (_, happens, code) => {
    const joining = connection.join({ room: 'daily' });
    happens();
    opened();
    await expect(joining).rejects.toMatchObject({ code });
    expect(() => connection.member()).toThrow(expect.objectContaining({ code: 'NOT_JOINED' }));
    expect(ofKind('joined')).toEqual([]);
  });
});

test('H2 a right that a newer token takes away while the room opens is gone in the room', async () => {
  const joining = connection.join({ room: 'daily' });
  grants = new Set(['listen']);
  await connection.refreshToken('newer');
  opened();
  await expect(joining).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(ofKind('joined')).toEqual([]);
  expect(connection.idle).toBe(true);
});

describe('waiting to be admitted', () => {
  beforeEach(async () => {
    opened();
    await connection.requestAdmission({ room: 'daily' });
  });

  test('is neither idle nor in the room, and ends when somebody admits it', async () => {
    expect(connection.idle).toBe(false);
    expect(() => connection.member()).toThrow(expect.objectContaining({ code: 'NOT_JOINED' }));
    await expect(connection.join({ room: 'daily' })).rejects.toMatchObject({ code: 'ALREADY_JOINED' });
    expect(knocks).toMatchObject([{ connectionId: 'c1', origin: { address: '192.0.2.1' } }]);
    knocks[0]?.onAdmitted();
    expect(notified).toEqual([['admitted', { room: 'daily' }]]);
    await connection.join({ room: 'daily' });
    expect(ofKind('joined')).toHaveLength(1);
  });

  test('ends with a reason, which is written down, when somebody refuses it', () => {
    knocks[0]?.onDismissed(new ParleyError('ADMISSION_REFUSED'));
    expect(channel.dismissal?.code).toBe('ADMISSION_REFUSED');
    expect(ofKind('denied')).toMatchObject([{ what: 'admission', code: 'ADMISSION_REFUSED', room: 'daily' }]);
  });

  test.each<[string, () => void]>([
    ['its socket is gone', () => connection.close('connectionLost')],
    ['it was signed out', () => sessions.signOut({ issuer: ISSUER, sessionId: 's1' })],
    ['it takes that back', () => connection.stopWaiting()],
  ])('ends when %s', (_, happens) => {
    happens();
    expect(left).toEqual(['c1 waits no more']);
    expect(connection.stopWaiting()).toBe(false);
  });
});

describe('leaving', () => {
  test('a sign-out takes it out of the room before it is told', async () => {
    await joined();
    channel.disconnect = (error) => void left.push(error.code);
    sessions.signOut({ issuer: ISSUER, sessionId: 's1' });
    expect(left).toEqual(['connectionLost', 'SIGNED_OUT']);
    expect(ofKind('left')).toMatchObject([{ reason: 'connectionLost', code: 'SIGNED_OUT' }]);
  });

  test('happens once, whatever ends it afterwards', async () => {
    await joined();
    connection.leaveRoom({ reason: 'left' });
    connection.close('connectionLost');
    connection.close('connectionLost');
    expect(left).toEqual(['left']);
    expect(ofKind('left')).toHaveLength(1);
  });

  test('whom the room has sent away is written down as that, not as a lost connection', async () => {
    await joined();
    channel.disconnect(new ParleyError('REMOVED'));
    connection.close('connectionLost');
    expect(ofKind('left')).toMatchObject([{ reason: 'removed', code: 'REMOVED' }]);
  });
});

test('a request without the grant is refused and written down, as the grants are at that moment', async () => {
  await joined();
  expect(() => connection.member('moderate')).not.toThrow();
  grants.delete('moderate');
  expect(() => connection.member('moderate')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  expect(ofKind('denied')).toMatchObject([{ what: 'moderate', code: 'FORBIDDEN' }]);
});

test('a newer token that may not join any more ends it', async () => {
  await joined();
  grants = new Set(['listen']);
  await connection.refreshToken('newer');
  expect(channel.dismissal?.code).toBe('FORBIDDEN');
  expect(left).toEqual(['connectionLost']);
});

test('who signed out between the handshake and now gets no connection', () => {
  sessions.signOut({ issuer: ISSUER, sessionId: 's1' });
  expect(connected).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
});

test('too many requests are refused, and those who go on and on are ended once', () => {
  const codes = Array.from({ length: 200 }, () => {
    try {
      connection.admit();
      return 'ok';
    } catch (error) {
      return (error as ParleyError).code;
    }
  });
  expect(codes.slice(0, 3)).toEqual(['ok', 'ok', 'RATE_LIMITED']);
  expect(channel.dismissal?.code).toBe('RATE_LIMITED');
  expect(ofKind('ended')).toHaveLength(1);
});

test('H12 every mute by a moderator and every lift of one is in the audit log, with who and whom, and nothing that did not happen', async () => {
  await joined();
  const mute = async (participantId: string) => requestHandlers.muteParticipant(connection, { participantId });
  await mute('p_2');
  // The mute holds, although their media were gone.
  await expect(mute('p_lost')).rejects.toMatchObject({ code: 'MEDIA_UNAVAILABLE' });
  await expect(mute('p_nobody')).rejects.toMatchObject({ code: 'PARTICIPANT_NOT_FOUND' });
  for (const participantId of ['p_muted', 'p_2']) requestHandlers.liftMute(connection, { participantId });
  const where = { event: 'moderated', room: 'daily', meetingId: 'm_1', participantId: 'p_1' };
  expect(ofKind('moderated')).toEqual([
    { ...where, action: 'mute', of: 'p_2' },
    { ...where, action: 'mute', of: 'p_lost' },
    { ...where, action: 'liftMute', of: 'p_muted' },
  ]);
});

describe('changes of settings', () => {
  const change = (request: Parameters<typeof requestHandlers.updateSettings>[1]) =>
    requestHandlers.updateSettings(connection, request);

  test("H10 of a room are in the audit log with the settings' names and no values, unless they were refused", async () => {
    await joined();
    await change({ scope: 'room', settings: { prompt: 'I resign.', hotWords: null }, mode: 'fast' });
    expect(() => change({ scope: 'room', settings: { beamSize: 99 } })).toThrow();
    await change({ scope: 'room', settings: {} });
    await change({ scope: 'participant', settings: { language: 'de' } });
    expect(ofKind('roomSettingsChanged')).toEqual([
      {
        event: 'roomSettingsChanged',
        room: 'daily',
        meetingId: 'm_1',
        participantId: 'p_1',
        settings: ['mode', 'prompt', 'hotWords'],
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('resign');
  });
});
