import {
  type Ack,
  type Credentials,
  type JoinResult,
  LIMITS,
  type NotificationName,
  PROTOCOL_VERSION,
  type RequestName,
  type WaitingParticipant,
} from '@parley/client-sdk/protocol';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SocketClient } from '../support/SocketClient.js';
import { readGoldens } from './goldens.js';
import { connectErrorSchema, notificationSchemas, responseSchemas, wireErrorSchema } from './schemas.js';

/** Any server that says it speaks the protocol. */
export interface ServerUnderTest {
  url: string;
  /** Of somebody else for each name, the same person for the same name. They may join every room below, speak, listen and read. */
  credentialsOf: (name: string) => Promise<Credentials>;
  /** A room that is empty whenever a test begins, whatever tests before have done in it. */
  roomFor: (purpose: string) => string;
}

const goldens = readGoldens(PROTOCOL_VERSION);
const REQUESTS = Object.keys(goldens.requests) as RequestName[];
/** Requests that end what the others need. */
const ENDINGS: readonly RequestName[] = ['join', 'leave', 'endMeeting', 'refreshToken'];
/** Requests of those who are in no room. */
const OUTSIDE: readonly RequestName[] = ['join', 'requestAdmission', 'refreshToken'];
/** What no well-formed request may be answered with. */
const ABOUT_THE_FORM = ['BAD_REQUEST', 'UNKNOWN_EVENT', 'INTERNAL', 'INVALID_ROOM_NAME'];
const TOLD_TIMEOUT_MS = 10_000;

export interface ServerSuiteOptions {
  /** Asked within the tests, when the server is up. */
  server: () => ServerUnderTest;
  /** Whether the person called `Moderator` may moderate; the server's tests of that are left out otherwise. */
  moderated: boolean;
}

/**
 * Declares the tests that a server has to pass. Everything that the server says meanwhile is checked against the protocol's
 * types: every answer, every notification, every refusal.
 */
export function describeServer({ server, moderated }: ServerSuiteOptions): void {
  let clients: SocketClient[] = [];
  beforeEach(() => {
    clients = [];
  });
  afterEach(() => {
    for (const client of clients) client.disconnect();
    for (const { name, payload } of clients.flatMap(({ told }) => told)) expectNotification(name, payload);
  });

  async function connected(name: string): Promise<SocketClient> {
    const { url, credentialsOf } = server();
    const client = new SocketClient({ url, credentials: await credentialsOf(name) });
    clients.push(client);
    expect(await client.connect()).toBe('connected');
    return client;
  }

  async function joined(name: string, purpose: string): Promise<{ client: SocketClient; result: JoinResult }> {
    const client = await connected(name);
    const room = server().roomFor(purpose);
    const answer = await client.ask('join', { room });
    expectAnswer('join', answer);
    expect(answer).toMatchObject({ ok: true });
    return { client, result: (answer as { data: unknown }).data as JoinResult };
  }

  const told = (client: SocketClient, name: NotificationName) => client.payloadsOf(name);
  const untilTold = (client: SocketClient, name: NotificationName, part: object) =>
    expect.poll(() => told(client, name), { timeout: TOLD_TIMEOUT_MS }).toContainEqual(expect.objectContaining(part));

  describe('a connection', () => {
    test.each([
      PROTOCOL_VERSION - 1,
      PROTOCOL_VERSION + 1,
      '1',
      null,
    ])('of protocol version %j is refused with its code', async (protocolVersion) => {
      const credentials = await server().credentialsOf('Ada');
      expect(await refusalOf(server().url, { protocolVersion, credentials })).toMatchObject({
        code: 'PROTOCOL_VERSION_UNSUPPORTED',
      });
    });

    test.each(goldens.handshake.refused)('with a wrong handshake is refused: $why', async ({ message }) => {
      const { code } = await refusalOf(server().url, message as object);
      expect(['UNAUTHENTICATED', 'INVALID_DISPLAY_NAME', 'JOIN_SECRET_REQUIRED']).toContain(code);
    });

    test('that has joined nothing is answered NOT_JOINED, whatever it asks for', async () => {
      const client = await connected('Ada');
      for (const name of REQUESTS.filter((name) => !OUTSIDE.includes(name))) {
        expect(await client.codeOf(name, goldens.requests[name].accepted[0]), name).toBe('NOT_JOINED');
      }
    });

    test('is answered once for each request, in whatever order answers come', async () => {
      const { client } = await joined('Ada', 'answers');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, afterSeq) => client.ask('resumeTranscript', { afterSeq })),
      );
      for (const answer of answers) expectAnswer('resumeTranscript', answer);
    });
  });

  describe('a request', () => {
    test('that is not of the protocol is answered UNKNOWN_EVENT', async () => {
      const client = await connected('Ada');
      for (const name of ['dance', '__proto__', 'constructor', 'Join']) {
        const answer = await client.ask(name, {});
        expect(answer.ok ? 'ok' : answer.error.code, name).toBe('UNKNOWN_EVENT');
      }
    });

    test.each(REQUESTS)('%s is refused when it is wrong or has a key too many', async (name) => {
      const { client } = await joined('Ada', 'refused');
      const { accepted, refused } = goldens.requests[name];
      const wrong = [
        ...refused.map(({ message }) => message),
        ...accepted.map((message) => ({ ...message, keyFromNowhere: true })),
      ];
      for (const message of wrong) {
        const answer = await client.ask(name, message);
        expectAnswer(name, answer);
        expect(answer.ok ? 'ok' : answer.error.code, JSON.stringify(message)).toBeOneOf([
          'BAD_REQUEST',
          'INVALID_ROOM_NAME',
        ]);
      }
      // The connection has taken no harm.
      expect(await client.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
    });

    test.each(
      REQUESTS.filter((name) => !ENDINGS.includes(name)),
    )('%s is understood as the protocol has it, and answered in the form of the protocol', async (name) => {
      const { client } = await joined('Ada', 'understood');
      for (const message of goldens.requests[name].accepted) {
        const answer = await client.ask(name, message);
        expectAnswer(name, answer);
        if (!answer.ok) expect(ABOUT_THE_FORM).not.toContain(answer.error.code);
      }
    });
  });

  describe('a room', () => {
    test('lets in, tells who is there, and lets out', async () => {
      const { client, result } = await joined('Ada', 'doors');
      expect(result.room).toBe(server().roomFor('doors'));
      expect(result.participants.map(({ participantId }) => participantId)).toEqual([result.participantId]);
      expect(await client.codeOf('join', { room: result.room })).toBe('ALREADY_JOINED');
      expect(await client.codeOf('leave')).toBe('ok');
      expect(await client.codeOf('leave')).toBe('NOT_JOINED');
      expect(await client.codeOf('join', { room: result.room })).toBe('ok');
    });

    test('tells the others who comes and who goes, in this order, and nobody of themself', async () => {
      const { client: ada, result: first } = await joined('Ada', 'comings');
      const { client: ben, result } = await joined('Ben', 'comings');
      expect(result.meetingId).toBe(first.meetingId);
      expect(result.participants).toHaveLength(2);
      const { participantId } = result;
      await untilTold(ada, 'participantJoined', { participant: expect.objectContaining({ participantId }) });
      expect(await ben.codeOf('leave')).toBe('ok');
      await untilTold(ada, 'participantLeft', { participantId, reason: 'left' });
      const names = ada.told.map(({ name }) => name).filter((name) => /^participant(Joined|Left)$/.test(name));
      expect(names).toEqual(['participantJoined', 'participantLeft']);
      expect(told(ben, 'participantJoined')).toEqual([]);
    });

    test('tells of a connection that breaks off', async () => {
      const { client: ada } = await joined('Ada', 'broken');
      const { client: ben, result } = await joined('Ben', 'broken');
      ben.socket.io.engine.close();
      await untilTold(ada, 'participantLeft', { participantId: result.participantId, reason: 'connectionLost' });
    });

    test('has one connection of a person: the newer stays, the older is dismissed, the others are told of no leave', async () => {
      const { client: ben } = await joined('Ben', 'windows');
      const { client: older, result } = await joined('Ada', 'windows');
      const { client: newer, result: again } = await joined('Ada', 'windows');
      expect(again.participantId).toBe(result.participantId);
      await untilTold(older, 'dismissed', { error: expect.objectContaining({ code: 'DUPLICATE_PARTICIPANT' }) });
      await expect.poll(() => older.closed, { timeout: TOLD_TIMEOUT_MS }).toBe(true);
      expect(older.told.at(-1)?.name).toBe('dismissed');
      expect(await newer.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
      expect(told(ben, 'participantLeft')).toEqual([]);
    });

    test('pages its transcript by seq, without holes, never more than a page', async () => {
      const { client, result } = await joined('Ada', 'transcript');
      let after = 0;
      for (;;) {
        const answer = await client.ask('resumeTranscript', { afterSeq: after });
        expectAnswer('resumeTranscript', answer);
        const page = (answer as { data: unknown }).data as { segments: { seq: number }[]; firstSeq: number };
        expect(page.segments.length).toBeLessThanOrEqual(LIMITS.transcriptPageSize);
        const from = Math.max(after + 1, page.firstSeq);
        expect(page.segments.map(({ seq }) => seq)).toEqual(page.segments.map((_, index) => from + index));
        if (page.segments.length === 0) break;
        after = page.segments.at(-1)?.seq ?? after;
      }
      expect(after).toBeGreaterThanOrEqual(result.lastSeq);
      const beyond = await client.ask('resumeTranscript', { afterSeq: after + 1_000_000 });
      expect(beyond).toMatchObject({ ok: true, data: { segments: [] } });
    });

    test('announces a track to those who can receive it, tells its mute and its end', async () => {
      const { client: ada } = await joined('Ada', 'tracks');
      const { client: ben, result } = await joined('Ben', 'tracks');
      const { participantId } = result;
      await ada.openTransports();
      const transport = await ben.ask('createTransport', { direction: 'send' });
      expectAnswer('createTransport', transport);
      const transportId = transport.ok ? transport.data.transportId : '';
      const [request] = goldens.requests.produce.accepted;
      const produced = await ben.ask('produce', { ...request, transportId });
      expectAnswer('produce', produced);
      const producerId = produced.ok ? String(produced.data.producerId) : '';
      const participant = (state: object) => ({ participant: expect.objectContaining({ participantId, ...state }) });
      await untilTold(ada, 'consumerCreated', { producerId, participantId, producerPaused: false });
      await untilTold(ada, 'participantUpdated', participant({ publishing: true, muted: false }));
      expect(await ben.codeOf('pauseProducer', { producerId })).toBe('ok');
      await untilTold(ada, 'participantUpdated', participant({ publishing: true, muted: true }));
      expect(await ada.codeOf('resumeProducer', { producerId })).toBe('PRODUCER_NOT_FOUND');
      expect(await ben.codeOf('closeProducer', { producerId })).toBe('ok');
      const [announced] = told(ada, 'consumerCreated') as { consumerId: string }[];
      await untilTold(ada, 'consumerClosed', { consumerId: announced?.consumerId });
      await untilTold(ada, 'participantUpdated', participant({ publishing: false }));
    });

    test('changes settings of one person for that person alone, and refuses what is no setting with the reason', async () => {
      const { client: ada, result } = await joined('Ada', 'settings');
      const { client: ben } = await joined('Ben', 'settings');
      const change = { scope: 'participant', settings: { language: 'de' } };
      const answer = await ada.ask('updateSettings', change);
      expectAnswer('updateSettings', answer);
      expect(answer).toMatchObject({ ok: true, data: { settings: { language: 'de' } } });
      await untilTold(ada, 'settingsChanged', { scope: 'participant', participantId: result.participantId });
      const wrong = await ada.ask('updateSettings', { scope: 'participant', settings: { beamSize: 10_000 } });
      expectAnswer('updateSettings', wrong);
      expect(wrong).toMatchObject({
        ok: false,
        error: { code: 'INVALID_SETTINGS', details: { settings: [{ setting: 'beamSize' }] } },
      });
      expect(told(ben, 'settingsChanged')).toEqual([]);
    });
  });

  describe('moderation', () => {
    test('is FORBIDDEN to those who may not', async () => {
      const { client: ada } = await joined('Ada', 'forbidden');
      const { client: ben, result } = await joined('Ben', 'forbidden');
      const { participantId } = result;
      expect(result.grants).not.toContain('moderate');
      for (const [name, request] of [
        ['muteParticipant', { participantId }],
        ['liftMute', { participantId }],
        ['admitParticipant', { participantId }],
        ['refuseParticipant', { participantId }],
        ['setWaitingRoom', { on: true }],
        ['renewRoomSecret', {}],
        ['deleteTranscript', {}],
        ['setRoomOffTheRecord', { on: true }],
        ['requireConsent', {}],
        ['removeParticipant', { participantId }],
        ['setRoomLocked', { locked: true }],
        ['endMeeting', {}],
      ] as const) {
        expect(await ben.codeOf(name, request), name).toBe('FORBIDDEN');
      }
      expect(await ada.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('ok');
    });

    test('H11 takes participants off the record by their own wish, seen by everybody', async () => {
      const { client: ada, result } = await joined('Ada', 'aside');
      const { client: ben } = await joined('Ben', 'aside');
      const { participantId } = result;
      expect(await ada.codeOf('setOffTheRecord', { on: true })).toBe('ok');
      const off = { participantId, notTranscribed: ['offTheRecord'] };
      await untilTold(ben, 'participantUpdated', { participant: expect.objectContaining(off) });
      expect(await ada.codeOf('setOffTheRecord', { on: false })).toBe('ok');
      const last = () => (told(ben, 'participantUpdated').at(-1) as { participant: object }).participant;
      await expect.poll(last).not.toHaveProperty('notTranscribed');
      expect(await ada.codeOf('giveConsent', { version: 'of another time' })).toBe('CONSENT_OUTDATED');
      expect(await ada.codeOf('withdrawConsent', {})).toBe('ok');
    });

    if (!moderated) return;
    test('H11 asks everybody for consent when a moderator wants it, and takes the room off the record', async () => {
      const { client: host, result: hosting } = await joined('Moderator', 'consent');
      const { client: ben, result } = await joined('Ben', 'consent');
      const { participantId } = result;
      expect(await host.codeOf('requireConsent', {})).toBe('ok');
      await untilTold(ben, 'roomConsentChanged', { consent: expect.objectContaining({ version: expect.any(String) }) });
      const [{ consent }] = told(ben, 'roomConsentChanged') as [{ consent: { version: string } }];
      expect(await ben.codeOf('giveConsent', { version: consent.version })).toBe('ok');
      expect(await host.codeOf('setRoomOffTheRecord', { on: true })).toBe('ok');
      await untilTold(ben, 'roomOffTheRecordChanged', { on: true, changedBy: hosting.participantId });
      const off = { participantId, notTranscribed: ['roomOffTheRecord'] };
      await untilTold(host, 'participantUpdated', { participant: expect.objectContaining(off) });
      const { result: late } = await joined('Cleo', 'consent');
      expect(late).toMatchObject({ roomOffTheRecord: true, consent });
    });

    test('H12 mutes for as long as it wants, tracks to come included, and lifts the mute when it is asked', async () => {
      const { client: host } = await joined('Moderator', 'muting');
      const { client: ben, result } = await joined('Ben', 'muting');
      const { participantId } = result;
      const seen = (state: object) => ({ participant: expect.objectContaining({ participantId, ...state }) });
      const [request] = goldens.requests.produce.accepted;
      const transport = await ben.ask('createTransport', { direction: 'send' });
      const transportId = transport.ok ? transport.data.transportId : '';
      const produced = await ben.ask('produce', { ...request, transportId });
      const producerId = produced.ok ? String(produced.data.producerId) : '';
      expect(await host.codeOf('muteParticipant', { participantId })).toBe('ok');
      await untilTold(ben, 'mutedByModerator', { producerIds: [producerId] });
      await untilTold(host, 'participantUpdated', seen({ muted: true, mutedByModerator: true }));
      expect(await ben.codeOf('resumeProducer', { producerId })).toBe('MUTED_BY_MODERATOR');
      expect(await ben.codeOf('closeProducer', { producerId })).toBe('ok');
      expect(await ben.codeOf('produce', { ...request, transportId })).toBe('MUTED_BY_MODERATOR');
      expect(await ben.codeOf('liftMute', { participantId })).toBe('FORBIDDEN');
      expect(await ben.codeOf('askToSpeak', { on: true })).toBe('ok');
      await untilTold(host, 'participantUpdated', seen({ mutedByModerator: true, asksToSpeak: true }));
      expect(await host.codeOf('liftMute', { participantId })).toBe('ok');
      await untilTold(ben, 'muteLifted', {});
    });

    test('H11 deletes the transcript for everybody when a moderator asks for it', async () => {
      const { client: host } = await joined('Moderator', 'deletion');
      const { client: ben } = await joined('Ben', 'deletion');
      expect(await host.codeOf('deleteTranscript', {})).toBe('ok');
      await untilTold(ben, 'transcriptDeleted', { beforeMs: expect.any(Number) });
      expect(await ben.ask('resumeTranscript', { afterSeq: 0 })).toMatchObject({
        data: { segments: [] },
      });
    });

    test('H12 lets newcomers wait: nothing of the meeting reaches them until they are admitted, or they are refused', async () => {
      const { client: host, result } = await joined('Moderator', 'waiting');
      const { room } = result;
      expect(await host.codeOf('setWaitingRoom', { on: true })).toBe('ok');
      await untilTold(host, 'waitingRoomChanged', { on: true });
      const [ben, cleo] = [await connected('Ben'), await connected('Cleo')];
      for (const client of [ben, cleo]) {
        expect(await client.codeOf('join', { room })).toBe('ADMISSION_REQUIRED');
        expect(await client.codeOf('requestAdmission', { room })).toBe('ok');
        expect(await client.codeOf('join', { room })).toBe('ALREADY_JOINED');
        expect(await client.codeOf('resumeTranscript', { afterSeq: 0 })).toBe('NOT_JOINED');
      }
      const waiting = () => (told(host, 'waitingChanged').at(-1) as { waiting: WaitingParticipant[] }).waiting;
      await expect.poll(() => waiting().map(({ displayName }) => displayName)).toEqual(['Ben', 'Cleo']);
      expect(await host.codeOf('setRoomLocked', { locked: true })).toBe('ok');
      const [first, second] = waiting();
      expect(await host.codeOf('admitParticipant', { participantId: first?.participantId })).toBe('ok');
      expect(await host.codeOf('refuseParticipant', { participantId: second?.participantId })).toBe('ok');
      await untilTold(cleo, 'dismissed', { error: expect.objectContaining({ code: 'ADMISSION_REFUSED' }) });
      await untilTold(ben, 'admitted', { room });
      expect([ben, cleo].flatMap((client) => client.told.map(({ name }) => name))).toEqual(['admitted', 'dismissed']);
      expect(await ben.codeOf('join', { room })).toBe('ok');
      expect(await host.codeOf('admitParticipant', { participantId: first?.participantId })).toBe(
        'PARTICIPANT_NOT_FOUND',
      );
    });

    test('mutes, locks, removes and ends, and those whom it touches are told', async () => {
      const { client: host } = await joined('Moderator', 'moderation');
      const { client: ben, result } = await joined('Ben', 'moderation');
      const { participantId } = result;
      expect(await host.codeOf('muteParticipant', { participantId: 'nobody' })).toBe('PARTICIPANT_NOT_FOUND');
      expect(await host.codeOf('setRoomLocked', { locked: true })).toBe('ok');
      await untilTold(ben, 'roomLockChanged', { locked: true });
      const late = await connected('Cleo');
      expect(await late.codeOf('join', { room: result.room })).toBe('ROOM_LOCKED');
      expect(await host.codeOf('muteParticipant', { participantId })).toBe('ok');
      await untilTold(ben, 'mutedByModerator', { producerIds: [] });
      expect(await host.codeOf('removeParticipant', { participantId })).toBe('ok');
      await untilTold(ben, 'dismissed', { error: expect.objectContaining({ code: 'REMOVED' }) });
      await untilTold(host, 'participantLeft', { participantId, reason: 'removed' });
      expect(await host.codeOf('endMeeting')).toBe('ok');
      await untilTold(host, 'dismissed', { error: expect.objectContaining({ code: 'MEETING_ENDED' }) });
    });
  });
}

function expectNotification(name: string, payload: unknown): void {
  expect(Object.keys(notificationSchemas), 'a notification of the protocol').toContain(name);
  const { error } = notificationSchemas[name as NotificationName].safeParse(payload);
  expect(error?.issues ?? [], name).toEqual([]);
}

function expectAnswer(name: RequestName, answer: Ack<unknown>): void {
  const { error } = answer.ok ? responseSchemas[name].safeParse(answer.data) : wireErrorSchema.safeParse(answer.error);
  expect(error?.issues ?? [], name).toEqual([]);
}

/** @returns why the server let nobody in */
function refusalOf(url: string, auth: object): Promise<{ code: string }> {
  const socket = io(url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    rejectUnauthorized: false,
    auth: auth as Record<string, unknown>,
  });
  return new Promise<{ code: string }>((resolve, reject) => {
    socket.once('connect', () => reject(new Error('the server let it in')));
    socket.once('connect_error', (error: Error & { data?: unknown }) => {
      const parsed = connectErrorSchema.safeParse(error.data);
      if (parsed.success) resolve(parsed.data);
      else reject(new Error(`the refusal has another form: ${JSON.stringify(error.data)}`));
    });
  }).finally(() => socket.disconnect());
}
