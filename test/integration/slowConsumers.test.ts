import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { resourcesOf } from '@parley/server/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resumeAll, ScriptedServer } from '../support/ScriptedServer.js';
import type { SocketClient } from '../support/SocketClient.js';

const MB = 1_000_000;
const SLOW_CLIENTS = 6;
/** Of text, as one message. */
const INTERIM_BYTES = 20_000;
const FINAL_BYTES = 10_000;
/** Far more than the operating system keeps for a socket (4 MB) and the outbox lets wait (1 MB for interims). */
const INTERIMS = 700;
/** Beyond what a full outbox (5 MB) takes. */
const FINALS = 800;
/** Told at once; then the one who reads has it before more is told. */
const LOT = 20;

let rig: ScriptedServer;
beforeAll(async () => {
  rig = await ScriptedServer.start();
});
afterAll(() => rig?.close());

const seqsOf = (segments: readonly CommittedSegment[]) => segments.map(({ seq }) => seq);
const finalsTold = (client: SocketClient) =>
  (client.payloadsOf('segmentCommitted') as { segment: CommittedSegment }[]).map(({ segment }) => segment);

function residentBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().rss;
}

describe('S9 a client that stops reading', () => {
  test('gets no more interims, is sent away with SLOW_CONSUMER, costs no more memory than it may, and resumes all finals; others lose nothing', async () => {
    const { client: voice, participantId } = await rig.speaker('talk');
    const reader = await rig.joined('talk');
    const subjects = Array.from({ length: SLOW_CLIENTS }, (_, index) => `a-slow-subject-number-${index}`);
    const slow = await Promise.all(subjects.map((subject) => rig.joined('talk', { subject })));

    let interimsRead = 0;
    const finalsRead: number[] = [];
    reader.socket.on('interimUpdated', () => {
      interimsRead += 1;
      reader.told.length = 0;
    });
    reader.socket.on('segmentCommitted', ({ segment }: { segment: CommittedSegment }) => {
      finalsRead.push(segment.seq);
      reader.told.length = 0;
    });
    voice.socket.offAny();

    const before = residentBytes();
    const goOn = slow.map((client) => client.stopReading());
    const interimText = 'i'.repeat(INTERIM_BYTES);
    for (let revision = 1; revision <= INTERIMS; revision += 1) {
      rig.media.sayInterim(participantId, { id: 'endless', revision, text: interimText });
      if (revision % LOT === 0) await expect.poll(() => interimsRead, { interval: 1 }).toBe(revision);
    }
    expect(rig.loggedCodes, 'interims alone send nobody away').toEqual([]);

    let mostBytes = residentBytes();
    for (let said = 0; said < FINALS; said += LOT) {
      rig.media.sayFinals(participantId, { count: LOT, text: (index) => `${said + index} `.padEnd(FINAL_BYTES, 'f') });
      await expect.poll(() => finalsRead.length, { interval: 1 }).toBe(said + LOT);
      if (said % (LOT * 5) === 0) mostBytes = Math.max(mostBytes, residentBytes());
    }
    await expect.poll(() => rig.loggedCodes).toEqual(slow.map(() => 'SLOW_CONSUMER'));
    for (const read of goOn) read();

    // The reader: everything, in order.
    expect(interimsRead).toBe(INTERIMS);
    expect(finalsRead).toEqual(Array.from({ length: FINALS }, (_, index) => index + 1));
    expect(reader.closed).toBe(false);

    // The server: what is bounded, and what these tests keep themselves (the log once, and slack for the collector).
    const logBytes = 2 * FINALS * FINAL_BYTES;
    expect(mostBytes - before).toBeLessThan(SLOW_CLIENTS * 5 * MB + logBytes + 60 * MB);

    // The slow ones: told why, as soon as they read.
    await expect.poll(() => slow.every(({ closed }) => closed), { timeout: 15_000 }).toBe(true);
    for (const [index, client] of slow.entries()) {
      expect(client.farewell).toBe('SLOW_CONSUMER');
      const interims = client.payloadsOf('interimUpdated').length;
      expect(interims).toBeGreaterThan(0);
      expect(interims).toBeLessThan(INTERIMS);
      const had = seqsOf(finalsTold(client));
      expect(had.length).toBeLessThan(FINALS);
      expect(had).toEqual(Array.from({ length: had.length }, (_, place) => place + 1));

      const again = await rig.joined('talk', { subject: subjects[index] as string });
      const resumed = await resumeAll(again, had.length);
      expect([...had, ...resumed.flatMap(seqsOf)]).toEqual(finalsRead);
    }
  }, 120_000);

  test('and never reads again is cut off all the same, with nothing left of it', async () => {
    const { participantId } = await rig.speaker('mute');
    const reader = await rig.joined('mute');
    const dead = await rig.joined('mute');
    const sockets = (await resourcesOf(rig.server)).sockets ?? 0;
    const codes = rig.loggedCodes.length;
    dead.stopReading();
    let read = 0;
    reader.socket.on('segmentCommitted', () => {
      read += 1;
      reader.told.length = 0;
    });
    for (let said = 0; rig.loggedCodes.length === codes; said += LOT) {
      expect(said, 'given up at last').toBeLessThan((40 * MB) / FINAL_BYTES);
      rig.media.sayFinals(participantId, { count: LOT, text: () => 'f'.repeat(FINAL_BYTES) });
      await expect.poll(() => read, { interval: 1 }).toBe(said + LOT);
    }
    await expect.poll(() => reader.payloadsOf('participantLeft')).toMatchObject([{ reason: 'connectionLost' }]);
    await expect.poll(async () => (await resourcesOf(rig.server)).sockets, { timeout: 15_000 }).toBe(sockets - 1);
  }, 60_000);
});

describe('S12 resumeTranscript', () => {
  test.each([
    ['-1', -1],
    ['2^53', 2 ** 53],
    ['half a segment', 1.5],
    ['more than numbers have', 1e300],
    ['text', '5'],
    ['nothing', null],
    ['a list', [1]],
  ])('refuses %s', async (_, afterSeq) => {
    const client = await rig.joined('pages');
    expect(await client.codeOf('resumeTranscript', { afterSeq })).toBe('BAD_REQUEST');
    expect(await client.codeOf('resumeTranscript', { afterSeq: 2 ** 53 - 1 })).toBe('ok');
  });

  test('knows nothing of the numbers of another room', async () => {
    const long = await rig.speaker('long');
    rig.media.sayFinals(long.participantId, { count: 700 });
    const short = await rig.speaker('short');
    const texts = rig.media.sayFinals(short.participantId, { count: 3 });
    const client = await rig.joined('short');
    expect(await client.ask('resumeTranscript', { afterSeq: 650 })).toEqual({
      ok: true,
      data: { segments: [], firstSeq: 1, lastSeq: 3 },
    });
    const [page = []] = await resumeAll(client, 0);
    expect(page.map(({ text }) => text)).toEqual(texts);
    expect(new Set(page.map(({ meetingId }) => meetingId))).toEqual(new Set([client.joined?.meetingId]));
  });

  test('comes in pages of 500 at most, however far one is behind, and says where the log begins', async () => {
    // More than a meeting keeps: 20,000 segments. In lots, since the speaker listens, too.
    const { client: voice, participantId } = await rig.speaker('far');
    for (let said = 0; said < 30_000; said += 500) {
      rig.media.sayFinals(participantId, { count: 500, text: () => 'word' });
      await expect.poll(() => voice.told.length, { interval: 1 }).toBeGreaterThanOrEqual(said + 500);
    }
    const client = await rig.joined('far');
    expect(client.joined?.lastSeq).toBe(30_000);
    const first = await client.ask('resumeTranscript', { afterSeq: 0 });
    const firstSeq = first.ok ? Number(first.data.firstSeq) : 0;
    expect(firstSeq).toBeGreaterThan(10_000);
    const pages = await resumeAll(client, 0);
    expect(Math.max(...pages.map(({ length }) => length))).toBe(500);
    expect(pages.flatMap(seqsOf)).toEqual(
      Array.from({ length: 30_000 - firstSeq + 1 }, (_, index) => firstSeq + index),
    );
  }, 60_000);
});
