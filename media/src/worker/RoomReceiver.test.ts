import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Hypothesis, RecognitionRequest } from '../asr/contract/recognition.js';
import { resolveSpeechSettings } from '../settings/modes.js';
import { hypothesisOf } from '../testing/FakeRecognizer.js';
import { noise } from '../testing/noises.js';
import { OpusEncoder, PACKET_SAMPLES, PACKET_TICKS } from '../testing/OpusEncoder.js';
import { soundActivity } from '../testing/WrittenSpeech.js';
import type { PipelineEvent } from './contract/messages.js';
import { RoomReceiver } from './RoomReceiver.js';

const MEETING_STARTED_AT_MS = 1_000;
const encoder = new OpusEncoder();
const PACKETS = encoder.encode(noise({ kind: 'white', seconds: 4, levelDb: -20 }), { lossPercent: 0 });
/** The same voice as it comes back from a loudspeaker. */
const ECHO = encoder.encode(noise({ kind: 'white', seconds: 4, levelDb: -32 }), { lossPercent: 0 });
encoder.close();

let nowMs: number;
let room: RoomReceiver;
let sender: Socket;
let sent: number;
let events: PipelineEvent[];
let asked: { request: RecognitionRequest; answer: (hypothesis: Hypothesis) => void }[];

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
const of = (type: PipelineEvent['type']) => events.filter((event) => event.type === type);
const finals = () => asked.filter(({ request }) => request.kind === 'final');
const answerAll = () => {
  for (const { answer } of asked) answer(hypothesisOf('words'));
};

/** In the room's socket when this returns, but not yet read. */
function send(packets: number): void {
  for (const end = sent + packets; sent < end; sent += 1) sendOne(sent);
}

function sendOne(number: number, { ssrc = 1, packets = PACKETS } = {}): void {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(100, 1);
  header.writeUInt16BE(number, 2);
  header.writeUInt32BE(number * PACKET_TICKS, 4);
  header.writeUInt32BE(ssrc, 8);
  sender.send(Buffer.concat([header, packets[number] ?? Buffer.alloc(0)]));
}

/** Resolves when everything that was sent has been read. */
const read = () => room.setMuted({ trackId: 'ada', muted: false });

/** Moves the room's clock and its ticks on. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    nowMs += 20;
    room.tick();
    await read();
  }
}

beforeEach(async () => {
  nowMs = 6_000;
  sent = 0;
  events = [];
  asked = [];
  room = await RoomReceiver.create({
    meetingId: 'm_1',
    meetingStartedAtMs: MEETING_STARTED_AT_MS,
    settings: resolveSpeechSettings('accurate'),
    longestWindowMs: 28_000,
    voiceActivity: soundActivity,
    recognizer: { recognize: (request) => new Promise((answer) => asked.push({ request, answer })) },
    onEvent: (event) => events.push(event),
    now: () => nowMs,
  });
  sender = createSocket('udp4');
  sender.connect(room.port, '127.0.0.1');
  await once(sender, 'connect');
  add();
});

afterEach(async () => {
  sender.close();
  const closed = room.close();
  const answering = setInterval(answerAll, 1);
  await closed;
  clearInterval(answering);
});

function add(): void {
  const track = { trackId: 'ada', participantId: 'p_1', name: 'microphone', epoch: 1, ssrc: 1, payloadType: 100 };
  room.addTrack({ ...track, muted: false });
}

describe('RoomReceiver', () => {
  test('waits at its close for the last words of a speaker who left just before', async () => {
    send(60);
    const removed = room.removeTrack('ada');
    await until(() => finals().length > 0);
    let over = false;
    const closed = room.close().then(() => {
      over = true;
    });
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(over).toBe(false);
    answerAll();
    await Promise.all([closed, removed, room.close()]);
    expect(of('final')).toHaveLength(1);
    expect(room.pipelineCount).toBe(0);
  });

  test('reads what has come by the time that a speaker leaves', async () => {
    send(60);
    const removed = room.removeTrack('ada');
    await until(() => finals().length > 0);
    answerAll();
    await removed;
    expect(finals()[0]?.request.pcm.length).toBeGreaterThanOrEqual(59 * PACKET_SAMPLES);
  });

  test('H11 off the record keeps what has come by then, and drops what comes after its answer', async () => {
    send(60);
    await room.setNotTranscribed({ trackId: 'ada', reason: 'offTheRecord' });
    await until(() => finals().length > 0);
    expect(finals()[0]?.request.pcm.length).toBeGreaterThanOrEqual(59 * PACKET_SAMPLES);
    const asks = asked.length;
    send(60);
    await pass(3_000);
    expect(asked).toHaveLength(asks);
    expect(room.ledgers[0]?.ledger.totalMs).toBeLessThanOrEqual(60 * 20);
    answerAll();
    await until(() => of('final').length > 0);
  });

  test('does not take for missing what waits in its socket, however long the process stood still', async () => {
    send(40);
    await read();
    // Nothing is read while the process stands still; afterwards its timers run before its sockets are read.
    send(40);
    nowMs += 2_000;
    room.tick();
    await read();
    const removed = room.removeTrack('ada');
    await until(() => finals().length > 0);
    answerAll();
    await removed;
    expect(of('utteranceOpened')).toHaveLength(1);
    expect(of('final')).toHaveLength(1);
    expect(finals()[0]?.request.pcm.length).toBeGreaterThanOrEqual(79 * PACKET_SAMPLES);
  });

  test('takes nothing for lost that lies in its socket behind later packets, however long the process stood still', async () => {
    send(40);
    sendOne(41);
    await read();
    for (const number of [42, 43, 40, 44, 45]) sendOne(number);
    nowMs += 2_000;
    await pass(20);
    const removed = room.removeTrack('ada');
    await until(() => finals().length > 0);
    answerAll();
    await removed;
    const [ledger] = of('ledgerUpdated').slice(-1);
    expect(ledger).toMatchObject({ ledger: { concealedMs: 0, transcribedMs: 46 * 20 } });
  });

  test.each([300, 900])('writes one caption of a word over which the network stood still for %d ms', async (gapMs) => {
    send(40);
    await pass(gapMs);
    send(40);
    await pass(100);
    const removed = room.removeTrack('ada');
    await until(() => finals().length > 0);
    answerAll();
    await removed;
    expect(of('utteranceOpened')).toHaveLength(1);
    expect(finals()[0]?.request.pcm.length).toBeGreaterThanOrEqual(79 * PACKET_SAMPLES);
  });

  test('loses nothing of what comes later than is waited for: it has a caption of its own', async () => {
    send(40);
    await pass(3_000);
    send(40);
    await pass(100);
    const removed = room.removeTrack('ada');
    await until(() => finals().length > 1);
    answerAll();
    await removed;
    expect(of('final')).toHaveLength(2);
    expect(finals().at(-1)?.request.pcm.length).toBeGreaterThanOrEqual(39 * PACKET_SAMPLES);
  });

  test.each([
    'when they are added',
    'later',
    undefined,
  ])('H7 finds the echo of what it says that somebody is sent: %s', async (when) => {
    const ben = { trackId: 'ben', participantId: 'p_2', name: 'microphone', epoch: 1, ssrc: 2, payloadType: 100 };
    const sentTrackIds = ['ada'];
    room.addTrack({ ...ben, muted: false, ...(when === 'when they are added' ? { sentTrackIds } : {}) });
    if (when === 'later') room.setSent({ trackId: 'ben', sentTrackIds });
    const delay = 30;
    for (let number = 0; number < PACKETS.length; number += 1) {
      sendOne(number);
      if (number >= delay) sendOne(number - delay, { ssrc: 2, packets: ECHO });
      await pass(20);
    }
    const crosstalkMs = room.ledgers.map(({ ledger }) => ledger.crosstalkMs);
    expect(crosstalkMs[0]).toBe(0);
    if (when === undefined) expect(crosstalkMs[1]).toBeLessThan(200);
    else expect(crosstalkMs[1]).toBeGreaterThan(2_500);
  });

  test('begins anew with a speaker who is added once more, and drains both', async () => {
    send(20);
    await read();
    add();
    expect(room.pipelineCount).toBe(2);
    const removed = room.removeTrack('ada');
    const answering = setInterval(answerAll, 1);
    await removed;
    clearInterval(answering);
    expect(room.pipelineCount).toBe(0);
  });
});
