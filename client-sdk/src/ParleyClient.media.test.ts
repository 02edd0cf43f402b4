import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeMediaDevices } from '../test-support/FakeMediaDevices.js';
import {
  announcement,
  fakeDevice,
  producerId,
  ROUTER_RTP_CAPABILITIES,
  transportParameters,
} from '../test-support/media.js';
import { answers, joinResult, participant } from '../test-support/room.js';
import { ScriptedServer } from '../test-support/ScriptedServer.js';
import type { JoinRoomOptions } from './clientOptions.js';
import { defaults } from './defaults.js';
import { LocalMicrophone, type LocalMicrophoneOptions } from './media/LocalMicrophone.js';
import { ParleyClient } from './ParleyClient.js';
import { ParleyError, type RequestName } from './protocol/index.js';

let server: ScriptedServer;
let webrtc: ReturnType<typeof fakeDevice>;
let devices: FakeMediaDevices;
const closing: { close(): void }[] = [];
beforeEach(async () => {
  server = await ScriptedServer.create();
  server.answers = answers();
  webrtc = fakeDevice();
  devices = FakeMediaDevices.install('Desk', 'Headset');
});
afterEach(async () => {
  for (const each of closing.splice(0)) each.close();
  vi.unstubAllGlobals();
  await server.close();
});

async function joined(options: Partial<JoinRoomOptions> = {}): Promise<ParleyClient> {
  const client = await ParleyClient.join({
    url: server.url,
    room: 'daily',
    ...('token' in options || 'getToken' in options ? {} : { name: 'Ada' }),
    device: webrtc.device,
    retryDelayMs: { min: 20, max: 40 },
    ...options,
  });
  closing.push(client);
  return client;
}

async function opened(options: LocalMicrophoneOptions = {}): Promise<LocalMicrophone> {
  const microphone = await LocalMicrophone.create(options);
  closing.push(microphone);
  return microphone;
}

const names = (): RequestName[] => server.requests.map(({ name }) => name as RequestName);

describe('joining in one call', () => {
  test('connects, joins, hears and, if wanted, speaks', async () => {
    const client = await joined({ settings: { language: 'de' }, microphone: { deviceId: 'headset' } });
    expect(server.handshakes).toMatchObject([{ credentials: { kind: 'guest', displayName: 'Ada' } }]);
    expect(server.last('join')).toEqual({ room: 'daily', settings: { language: 'de' } });
    expect(names()).toEqual(expect.arrayContaining(['join', 'createTransport', 'produce']));
    expect([client.state, client.microphone?.label]).toEqual(['joined', 'Headset']);
  });

  test('only listens unless told otherwise, and with playback off does not even that', async () => {
    const client = await joined({ playback: false });
    expect([client.microphone, devices.asked, names().includes('createTransport')]).toEqual([undefined, [], false]);
  });

  test('shows who one is in whichever way it was given, and takes exactly one', async () => {
    const tokens = ['one', 'two'];
    await joined({ token: 'fixed' });
    await joined({ getToken: async () => tokens.shift() ?? '' });
    await joined({ joinSecret: 'open sesame' });
    expect(server.handshakes).toMatchObject([
      { credentials: { kind: 'token', token: 'fixed' } },
      { credentials: { kind: 'token', token: 'one' } },
      { credentials: { kind: 'guest', joinSecret: 'open sesame' } },
    ]);
    await expect(joined({ name: 'Ada', token: 'as well' })).rejects.toThrow(TypeError);
    await expect(ParleyClient.join({ url: server.url, room: 'daily' })).rejects.toThrow(TypeError);
  });

  test('leaves nothing behind when a step fails', async () => {
    server.answers.join = () => {
      throw new ParleyError('ROOM_FULL');
    };
    await expect(joined({ microphone: true })).rejects.toMatchObject({ code: 'ROOM_FULL', reason: 'limit' });
    await expect.poll(() => server.sockets.length).toBe(0);
    server.refuse = new ParleyError('JOIN_SECRET_REQUIRED').toWire();
    await expect(joined()).rejects.toMatchObject({ code: 'JOIN_SECRET_REQUIRED', reason: 'authentication' });
    expect(devices.asked).toEqual([]);
  });

  test('is not kept out by a microphone that cannot be had, and tells it to who listens afterwards', async () => {
    devices.failure = 'NotAllowedError';
    const client = await joined({ microphone: true });
    const told: string[] = [];
    client.on('error', ({ error }) => told.push(error.code));
    await expect.poll(() => told).toEqual(['MICROPHONE_DENIED']);
    expect([client.state, client.microphone]).toEqual(['joined', undefined]);
  });

  test('fails when the client is thrown out while the browser asks for the microphone', async () => {
    const release = devices.hold();
    const joining = joined({ microphone: true });
    await expect.poll(() => devices.asked.length).toBe(1);
    const refused = expect(joining).rejects.toMatchObject({ code: 'REMOVED' });
    server.dismiss(new ParleyError('REMOVED'));
    await expect.poll(() => server.sockets.length).toBe(0);
    release();
    await refused;
    expect(devices.live).toEqual([]);
  });

  test('closes the microphone that it opened with the room, and leaves one that it was given alone', async () => {
    const client = await joined({ microphone: true });
    await client.leave();
    expect([client.microphone, devices.live]).toEqual([undefined, []]);
    const microphone = await opened();
    const other = await joined({ microphone });
    expect(other.microphone).toBe(microphone);
    other.close();
    expect([other.microphone, microphone.closed, devices.live.length]).toEqual([undefined, false, 1]);
  });
});

describe('a published microphone', () => {
  test('is sent muted or not as it is, and followed', async () => {
    const client = await joined();
    const microphone = await opened();
    microphone.mute();
    const publication = await client.publishMicrophone(microphone);
    expect(server.last('produce')).toMatchObject({ paused: true });
    await microphone.unmute();
    await expect.poll(() => names().at(-1)).toBe('resumeProducer');
    microphone.mute();
    await expect.poll(() => names().at(-1)).toBe('pauseProducer');
    await microphone.setDevice('headset');
    await expect.poll(() => publication.track).toBe(microphone.track);
    expect([publication.muted, publication.track.enabled]).toEqual([true, false]);
  });

  test('with stopOnMute is silent and gone when muted, and back when not', async () => {
    const client = await joined();
    const microphone = await opened({ stopOnMute: true });
    const publication = await client.publishMicrophone(microphone);
    microphone.mute();
    await expect.poll(() => names().at(-1)).toBe('pauseProducer');
    expect(devices.live).toEqual([]);
    await microphone.unmute();
    await expect.poll(() => names().at(-1)).toBe('resumeProducer');
    expect([publication.track, publication.muted, publication.track.enabled]).toEqual([microphone.track, false, true]);
    expect(names().filter((name) => name === 'produce')).toHaveLength(1);
  });

  test('that is unplugged shows as muted, not as a lost connection, until another one is there', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      server.answers.join = () => joinResult({ participants: [participant('me', { publishing: true })] });
      const client = await joined();
      const told: string[] = [];
      client.on('connectionQualityChanged', ({ quality }) => told.push(quality?.level ?? 'unknown'));
      const microphone = await opened();
      const publication = await client.publishMicrophone(microphone);
      webrtc.stats.send = [{ type: 'outbound-rtp', packetsSent: 100 }];
      await vi.advanceTimersByTimeAsync(defaults.statsIntervalMs);
      await expect.poll(() => told).toEqual(['excellent']);
      devices.devices = devices.devices.slice(0, 1);
      devices.unplug('Desk');
      await expect.poll(() => names().at(-1)).toBe('pauseProducer');
      expect([microphone.lost, microphone.muted, publication.muted]).toEqual([true, false, false]);
      await vi.advanceTimersByTimeAsync(3 * defaults.lostAfterMs);
      expect(told).toEqual(['excellent']);
      devices.plugIn('Webcam');
      await expect.poll(() => names().at(-1)).toBe('resumeProducer');
      expect([publication.track, publication.track.enabled]).toEqual([microphone.track, true]);
      // With a live microphone it is the connection.
      await vi.advanceTimersByTimeAsync(3 * defaults.lostAfterMs);
      await expect.poll(() => told).toEqual(['excellent', 'lost']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that is unplugged and muted meanwhile comes back muted', async () => {
    const client = await joined();
    const microphone = await opened();
    await client.publishMicrophone(microphone);
    devices.devices = devices.devices.slice(0, 1);
    devices.unplug('Desk');
    await expect.poll(() => names().at(-1)).toBe('pauseProducer');
    microphone.mute();
    devices.plugIn('Webcam');
    await expect.poll(() => devices.live.length).toBe(1);
    await expect.poll(() => client.microphone?.lost).toBe(false);
    expect([microphone.track.enabled, names().filter((name) => name === 'resumeProducer')]).toEqual([false, []]);
    await microphone.unmute();
    await expect.poll(() => names().at(-1)).toBe('resumeProducer');
    expect(microphone.track.enabled).toBe(true);
  });

  test('is back with its new device after a reconnect', async () => {
    const client = await joined();
    const microphone = await opened();
    const publication = await client.publishMicrophone(microphone);
    const back = new Promise<void>((resolve) => client.once('reconnected', () => resolve()));
    server.drop();
    devices.unplug('Desk');
    await back;
    await expect.poll(() => publication.track).toBe(microphone.track);
    await expect.poll(() => server.count('produce')).toBe(2);
    expect([microphone.label, client.microphone, publication.closed]).toEqual(['Headset', microphone, false]);
  });

  test('H12 is muted where the server refuses to unmute it, and says why', async () => {
    const client = await joined();
    const microphone = await opened();
    const publication = await client.publishMicrophone(microphone);
    microphone.mute();
    await expect.poll(() => names().at(-1)).toBe('pauseProducer');
    const errors: string[] = [];
    client.on('error', ({ error }) => errors.push(error.code));
    server.answers.resumeProducer = () => {
      throw new ParleyError('MUTED_BY_MODERATOR');
    };
    await microphone.unmute();
    await expect.poll(() => errors).toEqual(['MUTED_BY_MODERATOR']);
    expect([microphone.muted, publication.muted, microphone.track.enabled]).toEqual([true, true, false]);
  });

  test('H12 comes back muted where a moderator muted it meanwhile', async () => {
    const client = await joined();
    const microphone = await opened();
    await client.publishMicrophone(microphone);
    const told: number[] = [];
    client.on('mutedByModerator', ({ publications }) => told.push(publications.length));
    server.answers.produce = ({ paused }) => {
      if (!paused) throw new ParleyError('MUTED_BY_MODERATOR');
      return { producerId: producerId() };
    };
    server.drop();
    await expect.poll(() => server.last('produce')?.paused).toBe(true);
    await expect.poll(() => [microphone.muted, told]).toEqual([true, [1]]);
    expect(client.microphone).toBe(microphone);
  });

  test('H12 of somebody whom a moderator muted is sent muted', async () => {
    server.answers.join = () => joinResult({ participants: [participant('me', { mutedByModerator: true })] });
    const client = await joined();
    const microphone = await opened();
    server.answers.produce = ({ paused }) => {
      if (!paused) throw new ParleyError('MUTED_BY_MODERATOR');
      return { producerId: producerId() };
    };
    const publication = await client.publishMicrophone(microphone);
    expect([microphone.muted, publication.muted, server.last('produce')?.paused]).toEqual([true, true, true]);
  });

  test('is muted by a moderator, and can be unmuted', async () => {
    const id = producerId();
    server.answers.produce = () => ({ producerId: id });
    const client = await joined();
    const microphone = await opened();
    const publication = await client.publishMicrophone(microphone);
    server.notify('mutedByModerator', { producerIds: [id] });
    await expect.poll(() => microphone.muted).toBe(true);
    expect([publication.muted, microphone.track.enabled]).toEqual([true, false]);
    await microphone.unmute();
    await expect.poll(() => names().at(-1)).toBe('resumeProducer');
  });

  test('is muted by the server for flooding it, and everybody learns who was', async () => {
    const id = producerId();
    server.answers.produce = () => ({ producerId: id });
    const client = await joined();
    const microphone = await opened();
    const publication = await client.publishMicrophone(microphone);
    const muted: unknown[] = [];
    client.on('participantMuted', (event) => muted.push(event));
    server.notify('participantMuted', { participantId: 'ben', producerIds: ['of ben'], reason: 'flooding' });
    server.notify('participantMuted', { participantId: 'me', producerIds: [id], reason: 'flooding' });
    await expect.poll(() => microphone.muted).toBe(true);
    expect(muted).toEqual([
      { participantId: 'ben', reason: 'flooding', publications: [] },
      { participantId: 'me', reason: 'flooding', publications: [publication] },
    ]);
  });

  test('is one at a time', async () => {
    const client = await joined();
    const microphone = await opened();
    const publication = await client.publishMicrophone(microphone);
    await expect(client.publishMicrophone(microphone)).rejects.toMatchObject({ code: 'TOO_MANY_PRODUCERS' });
    await publication.close();
    expect(client.microphone).toBeUndefined();
    await client.publishMicrophone(microphone);
    expect(client.microphone).toBe(microphone);
  });

  test('is one at a time, also while the first is on its way', async () => {
    const client = await joined();
    const [first, second] = [await opened(), await opened({ deviceId: 'headset' })];
    const [one, other] = await Promise.allSettled([client.publishMicrophone(first), client.publishMicrophone(second)]);
    expect([one.status, other]).toMatchObject(['fulfilled', { reason: { code: 'TOO_MANY_PRODUCERS' } }]);
    expect([client.microphone, server.count('produce')]).toEqual([first, 1]);
  });

  test('that could not be published keeps out no other', async () => {
    const client = await joined();
    const microphone = await opened();
    const { produce } = server.answers;
    server.answers.produce = () => new Promise(() => {});
    const publishing = expect(client.publishMicrophone(microphone)).rejects.toMatchObject({ code: 'NOT_JOINED' });
    await expect.poll(() => server.count('produce')).toBe(1);
    await client.leave();
    server.answers.produce = produce;
    await client.join({ room: 'daily' });
    await client.publishMicrophone(microphone);
    await publishing;
    expect(client.microphone).toBe(microphone);
  });

  test('after another one is followed alone', async () => {
    const client = await joined();
    const [first, second] = [await opened(), await opened({ deviceId: 'headset' })];
    const publication = await client.publishMicrophone(first);
    await publication.close();
    const off = vi.spyOn(publication, 'mute');
    await client.publishMicrophone(second);
    first.mute();
    expect([off.mock.calls, client.microphone]).toEqual([[], second]);
  });

  test('that is closed is published no more', async () => {
    const client = await joined();
    const microphone = await opened();
    const publication = await client.publishMicrophone(microphone);
    microphone.close();
    await expect.poll(() => names().at(-1)).toBe('closeProducer');
    expect([publication.closed, client.microphone]).toEqual([true, undefined]);
  });

  test('that is closed while it is on its way is published no more, either', async () => {
    const client = await joined();
    const microphone = await opened();
    let give: () => void = () => {};
    server.answers.produce = () =>
      new Promise((resolve) => {
        give = () => resolve({ producerId: producerId() });
      });
    const publishing = client.publishMicrophone(microphone);
    await expect.poll(() => server.count('produce')).toBe(1);
    microphone.close();
    give();
    await expect(publishing).resolves.toMatchObject({ closed: true });
    await expect.poll(() => names().at(-1)).toBe('closeProducer');
    expect(client.microphone).toBeUndefined();
  });

  test('is not followed any more after the room was left', async () => {
    const client = await joined();
    const microphone = await opened();
    await client.publishMicrophone(microphone);
    await client.leave();
    const before = names().length;
    microphone.mute();
    await microphone.setDevice('headset');
    await microphone.unmute();
    expect(names()).toHaveLength(before);
  });

  test('needs a room', async () => {
    const client = await joined();
    const microphone = await opened();
    await client.leave();
    await expect(client.publishMicrophone(microphone)).rejects.toMatchObject({ code: 'NOT_JOINED', reason: 'input' });
    client.close();
    await expect(client.publishMicrophone(microphone)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});

describe('in the room', () => {
  test('who speaks is told, and stays to be asked for', async () => {
    server.answers.join = () =>
      joinResult({ participants: [participant('me'), participant('ben', { speaking: true }), participant('cy')] });
    const client = await joined();
    const told: string[] = [];
    client.on('activeSpeakersChanged', ({ participantIds }) => told.push(participantIds.join(' ') || 'nobody'));
    expect(client.activeSpeakers).toEqual(['ben']);
    server.notify('speechStarted', { participantId: 'cy', track: 'microphone', atMs: 1 });
    server.notify('speechEnded', { participantId: 'ben', track: 'microphone', atMs: 2 });
    server.notify('participantLeft', { participantId: 'cy', reason: 'left' });
    await expect.poll(() => told).toEqual(['cy ben', 'cy', 'nobody']);
  });

  test('sound that the browser blocks is told, and played after a click', async () => {
    let blocked = true;
    vi.stubGlobal(
      'Audio',
      class {
        pause() {}
        async play() {
          if (blocked) throw Object.assign(new Error('a click first'), { name: 'NotAllowedError' });
        }
      },
    );
    vi.stubGlobal(
      'MediaStream',
      class {
        removeTrack() {}
      },
    );
    server.answers.createTransport = () => {
      server.notify('consumerCreated', announcement({ participantId: 'ben' }));
      return transportParameters();
    };
    const told: string[] = [];
    const client = await joined();
    client.on('audioPlaybackBlocked', () => told.push('blocked'));
    client.on('audioPlaybackResumed', () => told.push('resumed'));
    await expect.poll(() => told).toEqual(['blocked']);
    blocked = false;
    await client.resumeAudio();
    expect(told).toEqual(['blocked', 'resumed']);
  });

  test('media look for a new way when the machine is in another network, until the client is closed', async () => {
    const page = new EventTarget();
    const removed: string[] = [];
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', (type: string) => removed.push(type));
    const client = await joined({ microphone: true });
    page.dispatchEvent(new Event('online'));
    await expect.poll(() => server.count('restartIce'), { timeout: 5_000 }).toBe(2);
    client.close();
    expect(removed).toEqual(['online']);
  });

  test('how well audio travels is measured, told and, on a lost connection, lost', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const client = await joined({ microphone: true });
      const told: string[] = [];
      client.on('connectionQualityChanged', ({ participantId, quality }) =>
        told.push(`${participantId} ${quality?.level}`),
      );
      webrtc.stats.send = [
        { type: 'outbound-rtp', packetsSent: 100 },
        { type: 'remote-inbound-rtp', packetsLost: 5, jitter: 0.01, roundTripTime: 0.05 },
      ];
      await vi.advanceTimersByTimeAsync(defaults.statsIntervalMs);
      await expect.poll(() => told).toEqual(['me good']);
      expect(client.connectionQuality('me')).toEqual({ level: 'good', lossShare: 0.05, jitterMs: 10, rttMs: 50 });
      server.drop();
      await expect.poll(() => told).toEqual(['me good', 'me lost']);
      await expect.poll(() => client.state, { timeout: 5_000 }).toBe('joined');
      await client.leave();
      expect(client.connectionQuality('me')).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  test('media that restart keep the microphone', async () => {
    const client = await joined({ microphone: true });
    server.notify('mediaRestarted', { routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    await expect.poll(() => server.count('produce')).toBe(2);
    client.microphone?.mute();
    await expect.poll(() => names().at(-1)).toBe('pauseProducer');
  });
});
