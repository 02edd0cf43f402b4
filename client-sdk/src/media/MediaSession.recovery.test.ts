import type { DeviceOptions } from 'mediasoup-client/types';
import { describe, expect, test, vi } from 'vitest';
import {
  announcement,
  type fakeDevice,
  ROUTER_RTP_CAPABILITIES,
  setConnectionState,
  transportParameters,
} from '../../test-support/media.js';
import type { ScriptedChannel } from '../../test-support/ScriptedChannel.js';
import { PARAMETERS, publish, settled, withSessions } from '../../test-support/withSessions.js';
import { defaults } from '../defaults.js';
import { type ErrorCode, type IceServer, ParleyError } from '../protocol/index.js';
import type { MediaSession } from './MediaSession.js';

let channel: ScriptedChannel;
let webrtc: ReturnType<typeof fakeDevice>;
const { newSession, opened } = withSessions((parts) => {
  ({ channel, webrtc } = parts);
});

describe('a media failure of the server', () => {
  test('that takes the way out makes another one and publishes again, and leaves the way in alone', async () => {
    const transports = [transportParameters(), transportParameters(), transportParameters()];
    const ids = transports.map(({ transportId }) => transportId);
    channel.answers.createTransport = () => transports.shift();
    const { session, events } = await opened();
    session.onConsumerCreated(announcement());
    await publish(session);
    session.onTransportClosed({ transportId: ids[1] ?? '' });
    session.onTransportClosed({ transportId: 'of somebody else' });
    await settled();
    expect(channel.last('produce')).toMatchObject({ transportId: ids[2] });
    expect(events).toEqual(['hears ben (audio)']);
  });

  test('that takes the way in makes another one, on which the server announces everybody anew', async () => {
    const transports = [transportParameters(), transportParameters()];
    const [first] = transports;
    channel.answers.createTransport = () => transports.shift();
    const { session, events } = await opened();
    const announced = announcement();
    session.onConsumerCreated(announced);
    await settled();
    session.onTransportClosed({ transportId: first?.transportId ?? '' });
    session.onConsumerCreated({ ...announced, consumerId: 'new' });
    await settled();
    expect(events).toEqual(['hears ben (audio)', 'hears ben no more', 'hears ben (audio)']);
  });

  test('that takes the router makes everything anew with the new capabilities', async () => {
    const { session, events } = await opened();
    session.onConsumerCreated(announcement());
    const publication = await publish(session);
    await publication.mute();
    session.onMediaRestarted({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    session.onConsumerCreated(announcement({ participantId: 'cy' }));
    await settled();
    expect(events).toEqual(['hears ben (audio)', 'hears ben no more', 'hears cy (audio)']);
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(2);
    expect(channel.last('produce')).toMatchObject({ paused: true });
  });

  test('that comes again while everything is being made anew is answered by the newest only', async () => {
    const { session, events } = await opened();
    await publish(session);
    session.onMediaRestarted({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    session.onMediaRestarted({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    await settled();
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(2);
    expect(events).toEqual([]);
  });

  test.each<[string, (session: MediaSession) => void]>([
    ['a router', (session) => session.onMediaRestarted({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES })],
    ['a transport', (session) => session.onTransportClosed({ transportId: 'the first' })],
  ])('that cannot be repaired after the loss of %s asks for another connection', async (_what, lose) => {
    channel.answers.createTransport = () => ({ ...transportParameters(), transportId: 'the first' });
    const { session, events } = await opened();
    channel.fail('createTransport', new ParleyError('TOO_MANY_TRANSPORTS'));
    lose(session);
    await settled();
    expect(events).toEqual(['lost TOO_MANY_TRANSPORTS']);
  });

  test('is left to the next join when the connection went, too', async () => {
    const { session, events } = await opened();
    const { createTransport } = channel.answers;
    channel.silence('createTransport');
    session.onMediaRestarted({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    await settled();
    channel.fail('createTransport', new ParleyError('CONNECTION_LOST'));
    session.suspend();
    channel.answers = { ...channel.answers, createTransport };
    await settled();
    expect(events).toEqual([]);
  });
});

describe('relays', () => {
  const named = [{ urls: 'turn:named.example' }];
  const own = [{ urls: 'turn:own.example' }];
  async function usedFor(iceServers: IceServer[] | undefined): Promise<unknown[]> {
    const used: unknown[] = [];
    const { handlerFactory } = webrtc.device;
    if (handlerFactory === undefined) throw new Error('no factory');
    const device: DeviceOptions = {
      handlerFactory: {
        ...handlerFactory,
        factory: (options) => {
          used.push(options.iceServers);
          return handlerFactory.factory(options);
        },
      },
    };
    channel.answers.createTransport = () => ({ ...transportParameters(), iceServers: named });
    const { session } = newSession({ device });
    await session.open({ ...PARAMETERS, iceServers });
    await publish(session);
    return used;
  }

  test('are those that the server names with each transport, unless the caller has others', async () => {
    expect(await usedFor(undefined)).toEqual([named, named]);
    expect(await usedFor(own)).toEqual([own, own]);
  });
});

describe('a path that the network has cut', () => {
  async function connected() {
    vi.useFakeTimers();
    const made = await opened();
    made.session.onConsumerCreated(announcement());
    await vi.advanceTimersByTimeAsync(0);
    const [handler] = webrtc.handlers;
    setConnectionState(handler, 'connected');
    return { ...made, handler };
  }
  const restarts = () => channel.names.filter((name) => name === 'restartIce').length;

  test('is looked for again at once when the browser has given up', async () => {
    const { handler, events } = await connected();
    setConnectionState(handler, 'failed');
    await vi.advanceTimersByTimeAsync(0);
    expect(restarts()).toBe(1);
    setConnectionState(handler, 'connected');
    await vi.advanceTimersByTimeAsync(10 * defaults.iceGraceMs);
    expect(restarts()).toBe(1);
    expect(events).toEqual(['hears ben (audio)']);
  });

  test('is looked for again after a while when it does not come back by itself', async () => {
    const { handler } = await connected();
    setConnectionState(handler, 'disconnected');
    setConnectionState(handler, 'connected');
    await vi.advanceTimersByTimeAsync(2 * defaults.iceGraceMs);
    expect(restarts()).toBe(0);
    setConnectionState(handler, 'disconnected');
    await vi.advanceTimersByTimeAsync(defaults.iceGraceMs);
    expect(restarts()).toBe(1);
  });

  test('is looked for with the relays as the server names them at that moment, whose credentials do not last', async () => {
    const { handler } = await connected();
    const used: unknown[] = [];
    if (handler !== undefined) handler.updateIceServers = async (iceServers) => void used.push(iceServers);
    const fresh = [{ urls: 'turn:relay.example', username: '1800000300:p', credential: 'fresh' }];
    channel.answers.restartIce = () => ({ iceParameters: transportParameters().iceParameters, iceServers: fresh });
    setConnectionState(handler, 'failed');
    await vi.advanceTimersByTimeAsync(0);
    expect(used).toEqual([fresh]);
  });

  test('is looked for again and again, never twice at a time', async () => {
    const { handler } = await connected();
    let answer: () => void = () => {};
    channel.answers.restartIce = () =>
      new Promise((resolve) => {
        answer = () => resolve({ iceParameters: transportParameters().iceParameters, iceServers: [] });
      });
    setConnectionState(handler, 'disconnected');
    setConnectionState(handler, 'failed');
    setConnectionState(handler, 'failed');
    await vi.advanceTimersByTimeAsync(10 * defaults.iceGraceMs);
    expect(restarts()).toBe(1);
    answer();
    await vi.advanceTimersByTimeAsync(defaults.iceGraceMs);
    expect(restarts()).toBe(2);
  });

  test('is replaced by a new transport when the server does not know it any more', async () => {
    const { handler, events } = await connected();
    channel.fail('restartIce', new ParleyError('TRANSPORT_NOT_FOUND'));
    setConnectionState(handler, 'failed');
    await vi.advanceTimersByTimeAsync(0);
    expect(channel.names.filter((name) => name === 'createTransport')).toHaveLength(2);
    expect(events).toEqual(['hears ben (audio)', 'hears ben no more']);
  });

  test.each<[ErrorCode, string[]]>([
    ['REQUEST_TIMEOUT', ['hears ben (audio)', 'error REQUEST_TIMEOUT']],
    ['CONNECTION_LOST', ['hears ben (audio)']],
  ])('that cannot be looked for because of %s', async (code, expected) => {
    const { handler, events } = await connected();
    channel.fail('restartIce', new ParleyError(code));
    setConnectionState(handler, 'failed');
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(expected);
  });

  test('that never was there is told once, however often it fails: a firewall, most likely', async () => {
    vi.useFakeTimers();
    const { session } = newSession();
    const messages: string[] = [];
    session.on('error', ({ error }) => messages.push(`${error.code}: ${error.message}`));
    await session.open(PARAMETERS);
    for (const state of ['failed', 'connecting', 'failed'] as const) {
      setConnectionState(webrtc.handlers[0], state);
      await vi.advanceTimersByTimeAsync(defaults.iceGraceMs);
    }
    expect(restarts()).toBeGreaterThan(1);
    expect(messages).toEqual([expect.stringMatching(/^CONNECTION_FAILED: .*firewall/)]);
  });

  test('is not looked for any more once the session is closed', async () => {
    const { session, handler } = await connected();
    setConnectionState(handler, 'disconnected');
    session.close();
    await vi.advanceTimersByTimeAsync(10 * defaults.iceGraceMs);
    expect(restarts()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is looked for in both directions when the machine is in another network', async () => {
    const { session, handler, events } = await connected();
    await publish(session);
    session.restartIce();
    session.restartIce();
    await vi.advanceTimersByTimeAsync(0);
    expect(restarts()).toBe(2);
    setConnectionState(handler, 'connected');
    session.suspend();
    session.restartIce();
    await vi.advanceTimersByTimeAsync(0);
    expect([restarts(), events.filter((event) => event.startsWith('error'))]).toEqual([2, []]);
  });
});
