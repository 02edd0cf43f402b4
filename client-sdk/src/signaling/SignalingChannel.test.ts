import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ScriptedServer } from '../../test-support/ScriptedServer.js';
import { type Credentials, ParleyError, PROTOCOL_VERSION, type WireError } from '../protocol/index.js';
import { type Disconnection, SignalingChannel, type SignalingChannelOptions } from './SignalingChannel.js';

const credentials: Credentials = { kind: 'guest', subject: 'a-random-subject', displayName: 'Ada' };

interface Told {
  losses: string[];
  waiting: Record<'lost' | 'back', (() => void)[]>;
}

let server: ScriptedServer;
const channels: SignalingChannel[] = [];
/** What each channel says of its connection. */
let told: WeakMap<SignalingChannel, Told>;
beforeEach(async () => {
  server = await ScriptedServer.create();
  told = new WeakMap();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const channel of channels.splice(0)) channel.close();
  await server.close();
});

function newChannel(options: Partial<SignalingChannelOptions> = {}): SignalingChannel {
  const retryDelayMs = { min: 10, max: 20 };
  const losses: string[] = [];
  const waiting: Told['waiting'] = { lost: [], back: [] };
  const channel = new SignalingChannel({
    url: server.url,
    credentials,
    retryDelayMs,
    onNotification: () => {},
    onDisconnected: ({ error, willReconnect }: Disconnection) => {
      losses.push(`${error.code} ${willReconnect ? 'comes back' : 'is over'}`);
      for (const resolve of waiting.lost.splice(0)) resolve();
    },
    onReconnected: () => {
      for (const resolve of waiting.back.splice(0)) resolve();
    },
    ...options,
  });
  channels.push(channel);
  told.set(channel, { losses, waiting });
  return channel;
}

async function connected(options: Partial<SignalingChannelOptions> = {}): Promise<SignalingChannel> {
  const channel = newChannel(options);
  await channel.connect();
  return channel;
}

const lossesOf = (channel: SignalingChannel) => told.get(channel)?.losses;
/** Resolves at the next one. */
const next = (channel: SignalingChannel, what: 'lost' | 'back') =>
  new Promise<void>((resolve) => told.get(channel)?.waiting[what].push(resolve));
const back = (channel: SignalingChannel) => next(channel, 'back');

describe('connect', () => {
  test('shows version and credentials, never in the address', async () => {
    await connected({ url: `${server.url}/some/page?room=daily` });
    expect(server.handshakes).toEqual([{ protocolVersion: PROTOCOL_VERSION, credentials }]);
  });

  test.each([
    '/parley',
    'parley',
    '/parley/',
  ])('reaches no server below the path %s where there is none', async (path) => {
    await expect(newChannel({ path }).connect()).rejects.toMatchObject({ code: 'NOT_A_PARLEY_SERVER' });
    expect(server.handshakes).toEqual([]);
  });

  test('rejects with the code of a server that refuses, and can be called again', async () => {
    server.refuse = new ParleyError('JOIN_SECRET_REQUIRED').toWire();
    const channel = newChannel();
    const losses = lossesOf(channel);
    await expect(channel.connect()).rejects.toMatchObject({ code: 'JOIN_SECRET_REQUIRED', retryable: false });
    server.refuse = undefined;
    await expect(channel.connect()).resolves.toBeUndefined();
    expect(losses).toEqual([]);
  });

  test('rejects with CONNECTION_FAILED when nobody is there, and tries no more', async () => {
    const channel = newChannel();
    await server.close();
    await expect(channel.connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    expect(channel.active).toBe(false);
    await server.open();
  });

  test('rejects with CONNECTION_FAILED when the server hangs up instead of an answer', async () => {
    vi.spyOn(server.handshakes, 'push').mockImplementation(() => {
      for (const client of server.clients) client.close();
      return 0;
    });
    await expect(newChannel().connect()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('rejects with IDENTITY_UNAVAILABLE when there are no credentials to be had, and can be called again', async () => {
    const credentialsOnce = vi.fn<() => Promise<Credentials>>().mockRejectedValueOnce(new Error('no network'));
    const channel = newChannel({ credentials: credentialsOnce.mockResolvedValue(credentials) });
    const failure = expect(channel.connect()).rejects;
    await failure.toMatchObject({ code: 'IDENTITY_UNAVAILABLE', cause: new Error('no network') });
    expect([channel.active, server.handshakes]).toEqual([false, []]);
    await channel.connect();
    expect(server.handshakes).toEqual([{ protocolVersion: PROTOCOL_VERSION, credentials }]);
  });

  test("rejects with the application's own error when that is why there are no credentials", async () => {
    const channel = newChannel({ credentials: () => Promise.reject(new ParleyError('SIGNED_OUT')) });
    await expect(channel.connect()).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  });

  test('ends with CLIENT_CLOSED when the channel is closed on the way', async () => {
    const channel = newChannel();
    const connecting = channel.connect();
    channel.close();
    await expect(connecting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(channel.connect()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});

describe('request', () => {
  test('settles with its answer or its error', async () => {
    const channel = await connected();
    server.answers.leave = () => ({});
    await expect(channel.request('leave', {})).resolves.toEqual({});
    server.answers.leave = () => {
      throw new ParleyError('ROOM_FULL', { retryAfterMs: 700 });
    };
    await expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'ROOM_FULL', retryAfterMs: 700 });
  });

  test('settles when the server uses a code that is not known here', async () => {
    const channel = await connected();
    server.answers.leave = () => {
      const error = new ParleyError('INTERNAL');
      vi.spyOn(error, 'toWire').mockReturnValue({
        code: 'FROM_THE_FUTURE',
        message: 'In words.',
        retryable: false,
      } as unknown as WireError);
      throw error;
    };
    await expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'INTERNAL', message: 'In words.' });
  });

  test('rejects when there is no answer in time, and ignores one that comes later', async () => {
    const channel = await connected({ requestTimeoutMs: 50 });
    let answer: (value: Record<string, never>) => void = () => {};
    server.answers.leave = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    answer({});
    server.answers.leave = () => ({});
    await expect(channel.request('leave', {})).resolves.toEqual({});
  });

  test('rejects at once when the connection is lost, and while there is none', async () => {
    const channel = await connected();
    const waiting = channel.request('join', { room: 'daily' });
    await expect.poll(() => server.count('join')).toBe(1);
    server.drop();
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  test('rejects what is asked after, and what waits at, the end of the channel', async () => {
    const channel = await connected();
    const waiting = channel.request('leave', {});
    channel.close();
    channel.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  test('is not said into the next connection when the old one was dead without knowing', async () => {
    const channel = await connected();
    const comesBack = back(channel);
    // As after a night in the bag: the heartbeat is long overdue.
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
    await expect(channel.request('leave', {})).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    vi.restoreAllMocks();
    await comesBack;
    server.answers.join = () => {
      throw new ParleyError('ROOM_FULL');
    };
    await expect(channel.request('join', { room: 'daily' })).rejects.toMatchObject({ code: 'ROOM_FULL' });
    expect(server.requests.map(({ name }) => name)).toEqual(['join']);
  });
});

describe('a lost connection', () => {
  test('comes back by itself after a broken network and after a restart of the server', async () => {
    const channel = await connected();
    const losses = lossesOf(channel);
    let comesBack = back(channel);
    server.drop();
    await comesBack;
    comesBack = back(channel);
    await server.close();
    await server.open();
    await comesBack;
    expect(channel.connected).toBe(true);
    expect(losses).toEqual(['CONNECTION_LOST comes back', 'CONNECTION_LOST comes back']);
  });

  test('comes back from a dismissal when its code says that this may work, not before it may', async () => {
    const channel = await connected();
    const losses = lossesOf(channel);
    const comesBack = back(channel);
    const startMs = performance.now();
    server.dismiss(new ParleyError('SERVER_SHUTTING_DOWN', { retryAfterMs: 200 }));
    await comesBack;
    expect(performance.now() - startMs).toBeGreaterThan(190);
    expect(losses).toEqual(['SERVER_SHUTTING_DOWN comes back']);
  });

  test('comes back to a server that was away for some time after its dismissal', async () => {
    const failures: unknown[] = [];
    const debug = (message: string, details: unknown) => {
      if (message === 'not connected yet') failures.push(details);
    };
    const channel = await connected({ logger: { debug, warn() {} } });
    const comesBack = back(channel);
    server.dismiss(new ParleyError('SERVER_SHUTTING_DOWN'));
    await server.close();
    await expect.poll(() => failures.length).toBeGreaterThan(2);
    await server.open();
    await comesBack;
    expect(channel.connected).toBe(true);
  });

  test('is final when the same person came in elsewhere, even if the network breaks right after the word', async () => {
    for (const end of ['dismiss', 'drop'] as const) {
      const channel = await connected();
      const losses = lossesOf(channel);
      const farewell = new ParleyError('DUPLICATE_PARTICIPANT');
      if (end === 'dismiss') server.dismiss(farewell);
      else {
        server.notify('dismissed', { error: farewell.toWire() });
        server.drop();
      }
      await expect.poll(() => losses).toEqual(['DUPLICATE_PARTICIPANT is over']);
      expect(channel.active, end).toBe(false);
    }
  });

  test('is final when the server refuses to let it in again, unless that may change', async () => {
    const channel = await connected();
    const losses = lossesOf(channel);
    server.refuse = new ParleyError('INTERNAL').toWire();
    server.drop();
    await expect.poll(() => server.handshakes.length).toBeGreaterThan(2);
    expect(losses).toEqual(['CONNECTION_LOST comes back']);
    server.refuse = new ParleyError('UNAUTHENTICATED').toWire();
    await expect.poll(() => losses).toEqual(['CONNECTION_LOST comes back', 'UNAUTHENTICATED is over']);
    expect(channel.active).toBe(false);
  });

  test('is tried on while no credentials can be had, and mends itself when they can', async () => {
    let failures = 3;
    const channel = await connected({
      credentials: async () => {
        if (server.handshakes.length === 1 && failures-- > 0) throw new Error('the identity provider is away');
        return credentials;
      },
    });
    const losses = lossesOf(channel);
    const comesBack = back(channel);
    server.drop();
    await comesBack;
    expect([losses, failures, server.handshakes.length]).toEqual([['CONNECTION_LOST comes back'], -1, 2]);
    expect(server.handshakes[1]).toEqual({ protocolVersion: PROTOCOL_VERSION, credentials });
  });

  test('is final when the application says that there will be no credentials any more', async () => {
    const channel = await connected({
      credentials: async () => {
        if (server.handshakes.length > 0) throw new ParleyError('SIGNED_OUT');
        return credentials;
      },
    });
    const losses = lossesOf(channel);
    server.drop();
    await expect.poll(() => losses).toEqual(['CONNECTION_LOST comes back', 'SIGNED_OUT is over']);
    expect([channel.active, server.handshakes.length]).toEqual([false, 1]);
  });

  test('can be had on purpose, for a connection that is of no use', async () => {
    const channel = await connected();
    const losses = lossesOf(channel);
    const waiting = channel.request('join', { room: 'daily' });
    const comesBack = back(channel);
    channel.restart(new ParleyError('TRANSPORT_NOT_FOUND'));
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await comesBack;
    expect(losses).toEqual(['TRANSPORT_NOT_FOUND comes back']);
  });

  test('stays lost when the channel is closed meanwhile', async () => {
    const channel = await connected();
    const lost = next(channel, 'lost');
    server.dismiss(new ParleyError('SERVER_SHUTTING_DOWN'));
    await lost;
    expect(channel.active).toBe(true);
    channel.close();
    expect(channel.active).toBe(false);
  });
});
