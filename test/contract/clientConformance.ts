import {
  type CommittedSegment,
  type Credentials,
  type JoinResult,
  ParleyError,
  PROTOCOL_VERSION,
  type RequestName,
  type Segment,
} from '@parley/client-sdk/protocol';
import { handshakeSchema, requestSchemas } from '@parley/client-sdk/protocol/schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGoldens } from './goldens.js';
import { ScriptedServer } from './ScriptedServer.js';

/** What a client shows of itself: `out` is before the join, and after the end. */
export interface ClientView {
  state: 'out' | 'joined' | 'reconnecting';
  participants: { participantId: string; displayName: string; muted: boolean; speaking: boolean }[];
  /** In the order of speaking. */
  transcript: { id: string; status: Segment['status']; text: string }[];
}

/** Any client of the protocol, driven by the suite. One that plays or sends no audio is a client, too. */
export interface ClientUnderTest {
  /** Connects and joins. @throws an error whose `code` is the server's */
  join(room: string): Promise<void>;
  leave(): Promise<void>;
  view(): ClientView;
  /** Code of the error that ended it, or undefined. */
  endedBy(): string | undefined;
  /** Ends it, whatever it is doing. */
  close(): void;
}

export type OpenClient = (options: { url: string; credentials: () => Promise<Credentials> }) => ClientUnderTest;

const goldens = readGoldens(PROTOCOL_VERSION);
const ADA: Credentials = { kind: 'guest', subject: '3q2-7wAAEKqLm9Xc_T4v', displayName: 'Ada' };
const ROOM = 'daily';
const WAIT_MS = 15_000;

const golden = goldens.answers.join[0] as JoinResult;
const [final, gap] = (goldens.answers.resumeTranscript[0] as { segments: CommittedSegment[] }).segments as [
  CommittedSegment,
  CommittedSegment,
];
const { segment: interim } = goldens.notifications.interimUpdated[0] as { segment: Segment };

/** The `seq`th segment of the meeting, one a second. */
function committed(seq: number): CommittedSegment {
  return {
    ...final,
    id: `segment-${seq}`,
    seq,
    startMs: seq * 1_000,
    endMs: seq * 1_000 + 900,
    text: `Number ${seq}.`,
  };
}

/** Declares the tests that a client has to pass, whatever it is written in, against a server that follows a script. */
export function describeClient(open: OpenClient): void {
  let server: ScriptedServer;
  let clients: ClientUnderTest[];
  let credentials: Credentials;
  beforeEach(async () => {
    clients = [];
    credentials = ADA;
    server = await ScriptedServer.create(goldens);
    // An empty meeting, until a test fills it.
    server.answers.join = () => ({ ...golden, lastSeq: 0 });
    server.answers.resumeTranscript = () => ({ segments: [], firstSeq: 1, lastSeq: 0 });
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await server.close();
    for (const { auth } of server.handshakes) expect(handshakeSchema.safeParse(auth).error?.issues ?? []).toEqual([]);
    for (const { name, request, withAck } of server.asked) {
      expect(Object.keys(requestSchemas), 'a request of the protocol').toContain(name);
      expect(requestSchemas[name as RequestName].safeParse(request).error?.issues ?? [], name).toEqual([]);
      expect(withAck, `${name} with one argument and an ack`).toBe(true);
    }
  });

  function newClient(): ClientUnderTest {
    const client = open({ url: server.url, credentials: async () => credentials });
    clients.push(client);
    return client;
  }

  async function joined(): Promise<ClientUnderTest> {
    const client = newClient();
    await client.join(ROOM);
    return client;
  }

  const until = (what: () => unknown) => expect.poll(what, { timeout: WAIT_MS });
  const untilIdsAre = (client: ClientUnderTest, ids: string[]) =>
    until(() => client.view().transcript.map(({ id }) => id)).toEqual(ids);

  /** A meeting of so many segments, in pages of so many. */
  function fill(options: { count: number; page: number }): void {
    server.answers.join = () => ({ ...golden, lastSeq: options.count });
    server.answers.resumeTranscript = ({ afterSeq }) => ({
      segments: Array.from({ length: Math.max(0, Math.min(options.page, options.count - afterSeq)) }, (_, index) =>
        committed(afterSeq + index + 1),
      ),
      firstSeq: 1,
      lastSeq: options.count,
    });
  }

  describe('connecting', () => {
    test('shows version and credentials in the handshake, and nothing of them in the address', async () => {
      await joined();
      expect(server.handshakes.map(({ auth }) => auth)).toEqual([
        { protocolVersion: PROTOCOL_VERSION, credentials: ADA },
      ]);
      expect(server.handshakes[0]?.address).not.toMatch(/Ada|subject|3q2-7w/);
    });

    test('ends with the code of a server that refuses, and is not tried again', async () => {
      server.refuse = new ParleyError('UNAUTHENTICATED');
      const client = newClient();
      await expect(client.join(ROOM)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(server.handshakes).toHaveLength(1);
      expect(client.view().state).toBe('out');
    });

    test('asks to be admitted where a moderator has to, and joins when that has happened', async () => {
      let admitted = false;
      server.answers.join = () => {
        if (!admitted) throw new ParleyError('ADMISSION_REQUIRED');
        return { ...golden, lastSeq: 0 };
      };
      const client = newClient();
      const joining = client.join(ROOM);
      await until(() => server.requestsOf('requestAdmission')).toEqual([{ room: ROOM }]);
      expect(client.view()).toMatchObject({ state: 'out', participants: [], transcript: [] });
      admitted = true;
      server.notify('admitted', { room: ROOM });
      await joining;
      expect(client.view().state).toBe('joined');
    });

    test('ends with the code of a room that refuses', async () => {
      server.answers.join = () => {
        throw new ParleyError('ROOM_LOCKED');
      };
      await expect(newClient().join(ROOM)).rejects.toMatchObject({ code: 'ROOM_LOCKED' });
    });
  });

  describe('in the room', () => {
    test('knows who is there from the answer, and then from what it is told', async () => {
      const client = await joined();
      const names = () => client.view().participants.map(({ displayName }) => displayName);
      const ben = () => client.view().participants.find(({ participantId }) => participantId === 'u_2');
      expect(names().toSorted()).toEqual(['Ada', 'Ben']);
      const [, participant] = golden.participants as [JoinResult['participants'][0], JoinResult['participants'][0]];
      server.notify('participantUpdated', { participant: { ...participant, muted: true, speaking: false } });
      await until(ben).toMatchObject({ muted: true, speaking: false });
      server.notify('speechStarted', { participantId: 'u_2', track: 'microphone', atMs: 1 });
      await until(ben).toMatchObject({ speaking: true });
      server.notify('participantLeft', { participantId: 'u_2', reason: 'left' });
      await until(names).toEqual(['Ada']);
      server.notify('participantJoined', {
        participant: { ...participant, displayName: 'Cleo', participantId: 'u_3' },
      });
      await until(() => names().toSorted()).toEqual(['Ada', 'Cleo']);
    });

    test('does not lose what it is told before the answer to its join', async () => {
      server.answers.join = () => {
        server.notify('participantLeft', { participantId: 'u_2', reason: 'left' });
        server.notify('segmentCommitted', { segment: committed(1) });
        return { ...golden, lastSeq: 0 };
      };
      const client = await joined();
      await untilIdsAre(client, ['segment-1']);
      expect(client.view().participants).toHaveLength(1);
    });

    test.each(
      Object.entries(goldens.notifications).filter(([name]) => name !== 'dismissed'),
    )('takes %s as the protocol has it', async (name, messages) => {
      const client = await joined();
      for (const message of messages) server.say(name, message);
      server.notify('segmentCommitted', { segment: committed(100) });
      await until(() => client.view().transcript.map(({ id }) => id)).toContain('segment-100');
      expect(client.view().state).toBe('joined');
    });

    test('is not bothered by what a later version may add: notifications, keys, errors', async () => {
      server.answers.join = () => ({ ...golden, lastSeq: 0, whiteboard: { strokes: [] } }) as JoinResult;
      const client = await joined();
      server.say('whiteboardDrawn', { stroke: [1, 2, 3] });
      server.say('segmentCommitted', { segment: { ...committed(1), sentiment: 'glad' }, more: true });
      await untilIdsAre(client, ['segment-1']);
      expect(client.view().state).toBe('joined');
    });

    test('leaves when it is told to, and listens no more', async () => {
      const client = await joined();
      await client.leave();
      await until(() => server.requestsOf('leave').length).toBe(1);
      expect(client.view().state).toBe('out');
      expect(client.view().participants).toEqual([]);
    });

    test('shows a newer token when the old one runs out', async () => {
      credentials = { kind: 'token', token: 'old' };
      await joined();
      credentials = { kind: 'token', token: 'new' };
      server.notify('tokenExpiring', { expiresAtMs: Date.now() + 60_000, graceMs: 30_000 });
      await until(() => server.requestsOf('refreshToken')).toEqual([{ token: 'new' }]);
    });
  });

  describe('the transcript', () => {
    test('shows the newest revision of an interim, whatever the order', async () => {
      const client = await joined();
      const versions = [1, 3, 2].map((revision) => ({ ...interim, revision, text: `revision ${revision}` }));
      for (const segment of versions) server.notify('interimUpdated', { segment });
      server.notify('segmentCommitted', { segment: committed(1) });
      await until(() =>
        client
          .view()
          .transcript.map(({ text }) => text)
          .toSorted(),
      ).toEqual(['Number 1.', 'revision 3']);
    });

    test('takes back an interim that was no speech', async () => {
      const client = await joined();
      server.notify('interimUpdated', { segment: interim });
      await untilIdsAre(client, [interim.id]);
      server.notify('interimRetracted', { segmentId: interim.id });
      await untilIdsAre(client, []);
    });

    test('lets a final take the place of its interims, for good', async () => {
      const client = await joined();
      server.notify('interimUpdated', { segment: interim });
      server.notify('segmentCommitted', { segment: final });
      server.notify('interimUpdated', { segment: { ...interim, revision: final.revision + 1, text: 'too late' } });
      server.notify('segmentCommitted', { segment: gap });
      await untilIdsAre(client, [final.id, gap.id]);
      expect(client.view().transcript).toMatchObject([
        { status: 'final', text: final.text },
        { status: 'gap', text: '' },
      ]);
    });

    test('has a segment once that comes twice', async () => {
      const client = await joined();
      for (const seq of [1, 1, 2, 1]) server.notify('segmentCommitted', { segment: committed(seq) });
      await untilIdsAre(client, ['segment-1', 'segment-2']);
    });

    test('is fetched page by page by somebody who comes late', async () => {
      fill({ count: 5, page: 2 });
      const client = await joined();
      await untilIdsAre(
        client,
        [1, 2, 3, 4, 5].map((seq) => `segment-${seq}`),
      );
      expect(server.requestsOf('resumeTranscript')).toEqual([{ afterSeq: 0 }, { afterSeq: 2 }, { afterSeq: 4 }]);
    });

    test('is asked for what is missing when seq has a hole', async () => {
      const client = await joined();
      server.notify('segmentCommitted', { segment: committed(1) });
      await untilIdsAre(client, ['segment-1']);
      fill({ count: 4, page: 500 });
      server.notify('segmentCommitted', { segment: committed(4) });
      await untilIdsAre(
        client,
        [1, 2, 3, 4].map((seq) => `segment-${seq}`),
      );
      expect(server.requestsOf('resumeTranscript').at(-1)).toEqual({ afterSeq: 1 });
    });

    test('does without what the server holds no more', async () => {
      server.answers.join = () => ({ ...golden, lastSeq: 9 });
      server.answers.resumeTranscript = ({ afterSeq }) => ({
        segments: afterSeq < 9 ? [committed(8), committed(9)] : [],
        firstSeq: 8,
        lastSeq: 9,
      });
      await untilIdsAre(await joined(), ['segment-8', 'segment-9']);
    });
  });

  describe('a lost connection', () => {
    test('is made again, the room joined again, and what was missed is fetched', async () => {
      const client = await joined();
      server.notify('segmentCommitted', { segment: committed(1) });
      server.notify('interimUpdated', { segment: { ...interim, startMs: 5_000 } });
      await untilIdsAre(client, ['segment-1', interim.id]);
      fill({ count: 3, page: 500 });
      server.drop();
      await untilIdsAre(client, ['segment-1', 'segment-2', 'segment-3']);
      await until(() => client.view().state).toBe('joined');
      expect(server.handshakes).toHaveLength(2);
      expect(server.asked.filter(({ name }) => name === 'join')).toMatchObject([
        { request: { room: ROOM }, connection: 1 },
        { request: { room: ROOM }, connection: 2 },
      ]);
      expect(server.requestsOf('resumeTranscript').at(-1)).toEqual({ afterSeq: 1 });
    });

    test('that finds another meeting begins with an empty transcript', async () => {
      const client = await joined();
      server.notify('segmentCommitted', { segment: committed(1) });
      await untilIdsAre(client, ['segment-1']);
      server.answers.join = () => ({ ...golden, meetingId: 'm_2', lastSeq: 0 });
      server.drop();
      await untilIdsAre(client, []);
      server.notify('segmentCommitted', { segment: { ...committed(2), meetingId: 'm_1', seq: 1 } });
      server.notify('segmentCommitted', { segment: { ...committed(7), meetingId: 'm_2', seq: 1 } });
      await untilIdsAre(client, ['segment-7']);
    });

    test.each([
      'SERVER_SHUTTING_DOWN',
      'RATE_LIMITED',
    ] as const)('is made again after a farewell that says so: %s', async (code) => {
      const client = await joined();
      server.dismiss(new ParleyError(code));
      await until(() => server.requestsOf('join').length).toBe(2);
      await until(() => client.view().state).toBe('joined');
    });

    test.each([
      'REMOVED',
      'MEETING_ENDED',
      'DUPLICATE_PARTICIPANT',
      'SIGNED_OUT',
    ] as const)('is not made again after a farewell that is for good: %s', async (code) => {
      const client = await joined();
      server.dismiss(new ParleyError(code));
      await until(() => client.endedBy()).toBe(code);
      expect(client.view().state).toBe('out');
      expect(server.handshakes).toHaveLength(1);
    });
  });
}
