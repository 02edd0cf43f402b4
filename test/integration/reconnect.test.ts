import { ParleyClient, type ParleyError, type Segment } from '@parley/client-sdk';
import { resourcesOf } from '@parley/server/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/freePort.js';
import { ScriptedServer, type Speaker } from '../support/ScriptedServer.js';
import { SocketClient } from '../support/SocketClient.js';
import { TcpProxy } from '../support/TcpProxy.js';

/** Of the server. */
const PING_MS = { interval: 10_000, timeout: 5_000 };
/** For machines that are busy with something else. */
const SLACK_MS = 4_000;

const guest = (name: string) => ({
  kind: 'guest' as const,
  subject: `the-subject-of-${name}-abcdef`,
  displayName: name,
});
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const finalsOf = (segments: readonly Segment[]) => segments.filter(({ status }) => status === 'final');

/** A client of the SDK with all that it was told. */
class Listener {
  readonly client: ParleyClient;
  /** Finals as they were told, in order. */
  readonly finals: Segment[] = [];
  readonly losses: { error: ParleyError; willReconnect: boolean }[] = [];
  returns = 0;

  constructor(options: { url: string; name?: string; retryDelayMs?: { min: number; max: number } }) {
    const { url, name = 'ben', ...rest } = options;
    this.client = new ParleyClient({ url, credentials: guest(name), ...rest });
    this.client.on('segmentUpdated', ({ segment }) => this.finals.push(...finalsOf([segment])));
    this.client.on('disconnected', (loss) => this.losses.push(loss));
    this.client.on('reconnected', () => {
      this.returns += 1;
    });
  }

  async join(room: string): Promise<string> {
    await this.client.connect();
    const { meetingId } = await this.client.join({ room });
    return meetingId;
  }
}

const listeners: Listener[] = [];
function listener(options: ConstructorParameters<typeof Listener>[0]): Listener {
  const made = new Listener(options);
  listeners.push(made);
  return made;
}
afterEach(() => {
  for (const { client } of listeners.splice(0)) client.close();
});

describe('S10 a connection that is lost', () => {
  let proxy: TcpProxy;
  let rig: ScriptedServer;
  beforeAll(async () => {
    proxy = await TcpProxy.start();
    rig = await ScriptedServer.start({ origins: [proxy.url] });
    proxy.targetPort = rig.port;
  });
  afterAll(async () => {
    await proxy?.close();
    await rig?.close();
  });

  // An hour of tests is too long for five minutes of silence: there, all of the client's delays are shorter by as much as the outage.
  test.each([
    { outage: '1 s', cutMs: 1_000, missed: 20 },
    { outage: '10 s', cutMs: 10_000, missed: 100 },
    { outage: '60 s, twenty times faster', cutMs: 3_000, missed: 600, retryDelayMs: { min: 25, max: 250 } },
    { outage: '300 s, a hundred times faster', cutMs: 3_000, missed: 1_700, retryDelayMs: { min: 5, max: 50 } },
  ])('for $outage is back by itself, with every final that was missed, once', async ({
    outage,
    cutMs,
    missed,
    ...retry
  }) => {
    const room = `cut-${outage.replaceAll(/\W/g, '')}`;
    const { participantId } = await rig.speaker(room);
    const ben = listener({ url: proxy.url, ...retry });
    await ben.join(room);
    const texts = rig.media.sayFinals(participantId, { count: 10 });
    await expect.poll(() => ben.finals.length).toBe(10);

    proxy.cut();
    const cutAt = performance.now();
    await expect.poll(() => ben.client.state).toBe('reconnecting');
    while (performance.now() - cutAt < cutMs) {
      const count = Math.min(50, missed + 10 - texts.length);
      texts.push(...rig.media.sayFinals(participantId, { count, text: (index) => `missed ${texts.length + index}` }));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(texts.length, 'all of it was said while nobody heard it').toBe(missed + 10);
    expect(ben.finals).toHaveLength(10);
    proxy.mend();
    const longestDelayMs = 1.5 * (retry.retryDelayMs?.max ?? 5_000);
    await expect.poll(() => ben.returns, { timeout: longestDelayMs + SLACK_MS, interval: 20 }).toBe(1);
    texts.push(...rig.media.sayFinals(participantId, { count: 10, text: (index) => `afterwards ${index}` }));

    await expect.poll(() => ben.client.transcript.completeUpTo, { timeout: SLACK_MS }).toBe(texts.length);
    expect(ben.finals.map(({ seq }) => seq).toSorted((a = 0, b = 0) => a - b)).toEqual(numbers(texts.length));
    expect(ben.client.transcript.getSnapshot().map(({ text }) => text)).toEqual(texts);
    expect(ben.losses).toMatchObject([{ error: { code: 'CONNECTION_LOST' }, willReconnect: true }]);
  }, 60_000);

  test('without anybody being told is noticed on both sides by the pings, and nothing is lost or doubled', async () => {
    const { client: voice, participantId } = await rig.speaker('half-open');
    const ben = listener({ url: proxy.url });
    await ben.join('half-open');
    // One that does not come back: only the server can notice.
    const gone = new SocketClient({ url: proxy.url, credentials: guest('gone') });
    expect(await gone.connect()).toBe('connected');
    const { participantId: goneId } = await gone.join('half-open');
    const texts = rig.media.sayFinals(participantId, { count: 5 });
    await expect.poll(() => ben.finals.length).toBe(5);

    proxy.freeze();
    texts.push(...rig.media.sayFinals(participantId, { count: 7, text: (index) => `into the void ${index}` }));
    const noticed = { timeout: PING_MS.interval + PING_MS.timeout + SLACK_MS, interval: 50 };
    await Promise.all([
      expect.poll(() => ben.losses, noticed).toMatchObject([{ willReconnect: true }]),
      expect.poll(() => gone.closed, noticed).toBe(true),
      expect
        .poll(() => voice.payloadsOf('participantLeft'), noticed)
        .toContainEqual({ participantId: goneId, reason: 'connectionLost' }),
    ]);
    await expect.poll(() => ben.returns, { timeout: PING_MS.timeout + SLACK_MS }).toBe(1);
    texts.push(...rig.media.sayFinals(participantId, { count: 3, text: (index) => `heard again ${index}` }));
    await expect.poll(() => ben.client.transcript.completeUpTo).toBe(texts.length);
    expect(ben.finals.map(({ seq }) => seq).toSorted((a = 0, b = 0) => a - b)).toEqual(numbers(texts.length));
    expect(ben.client.transcript.getSnapshot().map(({ text }) => text)).toEqual(texts);
    // What was half open is closed, and nobody is in the room twice.
    await expect.poll(async () => (await resourcesOf(rig.server)).peers, noticed).toBe(rigPeers());
    expect([...ben.client.participants.values()].map(({ displayName }) => displayName).toSorted()).toEqual([
      'Ada',
      'ben',
    ]);
  }, 60_000);

  /** The speakers of all tests so far, and the one who listens. */
  const rigPeers = () => 5 + 1;
});

describe('S10 a client that is too slow', () => {
  test('is told so, comes back by itself and has every final', async () => {
    const rig = await ScriptedServer.start();
    try {
      const { participantId } = await rig.speaker('slow');
      const ben = listener({ url: rig.url });
      await ben.join('slow');
      const text = 'x'.repeat(10_000);
      // All at once: more than the outbox takes, before the operating system could have taken any of it.
      rig.media.sayFinals(participantId, { count: 1_000, text: () => text });
      await expect.poll(() => ben.losses, { timeout: 10_000 }).toMatchObject([{ error: { code: 'SLOW_CONSUMER' } }]);
      await expect.poll(() => ben.returns, { timeout: 10_000 }).toBe(1);
      await expect.poll(() => ben.client.transcript.completeUpTo, { timeout: 10_000 }).toBe(1_000);
      expect(ben.finals.map(({ seq }) => seq).toSorted((a = 0, b = 0) => a - b)).toEqual(numbers(1_000));
    } finally {
      await rig.close();
    }
  }, 60_000);
});

describe('a server that starts anew', () => {
  test('has a new meeting: whoever comes back sees an empty transcript, and nothing of the old one in it', async () => {
    const port = await freePort();
    const say = (rig: ScriptedServer, { participantId }: Speaker, texts: string[]) =>
      rig.media.sayFinals(participantId, { count: texts.length, text: (index) => texts[index] ?? '' });
    const ben = listener({ url: `http://127.0.0.1:${port}` });
    const snapshots: string[][] = [];
    ben.client.transcript.subscribe(() =>
      snapshots.push([...new Set(ben.client.transcript.getSnapshot().map(({ meetingId }) => meetingId))]),
    );

    const before = await ScriptedServer.start({ port });
    const oldMeeting = await ben.join('daily');
    say(before, await before.speaker('daily'), ['old 1', 'old 2', 'old 3']);
    await expect.poll(() => ben.finals.length).toBe(3);
    const oldSelf = ben.client.self?.participantId;
    await before.close();
    expect(finalsOf(ben.client.transcript.getSnapshot()), 'still there to be read').toHaveLength(3);

    const after = await ScriptedServer.start({ port });
    try {
      await expect.poll(() => ben.returns, { timeout: 15_000 }).toBe(1);
      expect(ben.losses).toMatchObject([{ error: { code: 'SERVER_SHUTTING_DOWN' }, willReconnect: true }]);
      const newMeeting = ben.client.transcript.meetingId;
      expect(newMeeting).not.toBe(oldMeeting);
      expect(ben.client.transcript.getSnapshot()).toEqual([]);
      expect(ben.client.transcript.completeUpTo).toBe(0);
      expect(ben.client.self?.participantId, 'another meeting, another id').not.toBe(oldSelf);

      // The same segment ids and numbers as before the restart.
      say(after, await after.speaker('daily'), ['new 1', 'new 2']);
      await expect.poll(() => ben.finals.length).toBe(5);
      expect(ben.client.transcript.getSnapshot()).toMatchObject([
        { text: 'new 1', seq: 1, meetingId: newMeeting },
        { text: 'new 2', seq: 2, meetingId: newMeeting },
      ]);
      expect(snapshots.filter((meetings) => meetings.length > 1)).toEqual([]);
    } finally {
      await after.close();
    }
  }, 60_000);
});

describe('S8 the same participant over several connections', () => {
  test('is in the room once: the others are told why, do not come back, and the one that stays goes on reading', async () => {
    const rig = await ScriptedServer.start();
    try {
      const { client: voice, participantId } = await rig.speaker('windows');
      const first = listener({ url: rig.url, name: 'cyd' });
      await first.join('windows');
      rig.media.sayFinals(participantId, { count: 3 });
      await expect.poll(() => first.finals.length).toBe(3);

      const more = Array.from({ length: 3 }, () => listener({ url: rig.url, name: 'cyd' }));
      await Promise.all(more.map((each) => each.join('windows').catch(() => undefined)));
      const all = [first, ...more];
      await expect.poll(() => all.filter(({ losses }) => losses.length > 0)).toHaveLength(3);
      const standing = all.filter(({ client }) => client.state === 'joined');
      expect(standing).toHaveLength(1);
      for (const { losses } of all.filter((each) => each !== standing[0])) {
        expect(losses).toMatchObject([{ error: { code: 'DUPLICATE_PARTICIPANT' }, willReconnect: false }]);
      }
      expect(first.losses).toHaveLength(1);
      await expect.poll(async () => (await resourcesOf(rig.server)).sockets).toBe(2);
      expect((await resourcesOf(rig.server)).peers).toBe(2);
      expect(voice.payloadsOf('participantLeft'), 'nobody left the room').toEqual([]);

      rig.media.sayFinals(participantId, { count: 2 });
      await expect.poll(() => standing[0]?.client.transcript.completeUpTo).toBe(5);
      expect(standing[0]?.finals.map(({ seq }) => seq)).toEqual(numbers(5));
    } finally {
      await rig.close();
    }
  });
});
