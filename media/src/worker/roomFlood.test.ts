import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveSpeechSettings } from '../settings/modes.js';
import { hypothesisOf } from '../testing/FakeRecognizer.js';
import { noise } from '../testing/noises.js';
import { OpusEncoder, PACKET_TICKS } from '../testing/OpusEncoder.js';
import { soundActivity } from '../testing/WrittenSpeech.js';
import type { PipelineEvent } from './contract/messages.js';
import { RoomReceiver } from './RoomReceiver.js';

const encoder = new OpusEncoder();
const PACKETS = encoder.encode(noise({ kind: 'white', seconds: 4, levelDb: -20 }), { lossPercent: 0 });
encoder.close();

const SSRC = { ada: 1, mallory: 2 } as const;
const FLOOD = 60;

let nowMs: number;
let events: PipelineEvent[];
let room: RoomReceiver;
let sender: Socket;

beforeEach(async () => {
  nowMs = 6_000;
  events = [];
  room = await RoomReceiver.create({
    meetingId: 'm_1',
    meetingStartedAtMs: 1_000,
    settings: resolveSpeechSettings('accurate', { crosstalkGuard: false }),
    longestWindowMs: 28_000,
    voiceActivity: soundActivity,
    recognizer: { recognize: async (request) => hypothesisOf(`${request.pcm.length} samples`) },
    onEvent: (event) => events.push(event),
    now: () => nowMs,
  });
  sender = createSocket('udp4');
  sender.connect(room.port, '127.0.0.1');
  await once(sender, 'connect');
  for (const [trackId, ssrc] of Object.entries(SSRC)) {
    const track = { participantId: trackId, name: 'microphone', epoch: 1, payloadType: 100, muted: false };
    room.addTrack({ ...track, trackId, ssrc });
  }
});
afterEach(async () => {
  sender.close();
  await room.close();
});

function send(options: { from: keyof typeof SSRC; number: number; timestamp: number; payload: Uint8Array }): void {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(100, 1);
  header.writeUInt16BE(options.number & 0xffff, 2);
  header.writeUInt32BE(options.timestamp >>> 0, 4);
  header.writeUInt32BE(SSRC[options.from], 8);
  sender.send(Buffer.concat([header, options.payload]));
}

/** Ada speaks for 4 s and is silent for 2 s. @returns the resulting events */
async function speak(options: { flooded: boolean }): Promise<PipelineEvent[]> {
  let flooded = 0;
  for (let number = 0; number < 300; number += 1) {
    const payload = PACKETS[number] ?? new Uint8Array([0xf8]);
    send({ from: 'ada', number, timestamp: number * PACKET_TICKS, payload });
    for (let each = 0; options.flooded && each < FLOOD; each += 1, flooded += 1) {
      const noise = PACKETS[flooded % PACKETS.length] ?? payload;
      send({ from: 'mallory', number: flooded, timestamp: flooded * 11 * 48_000, payload: noise });
    }
    // Resolves when everything that was sent has been read.
    await room.setMuted({ trackId: 'ada', muted: false });
    nowMs += 20;
    room.tick();
    await room.setMuted({ trackId: 'ada', muted: false });
  }
  await room.removeTrack('ada');
  return events.filter(({ trackId }) => trackId === 'ada');
}

test('H1 a flood changes nothing of what is written of another speaker', async () => {
  const alone = await speak({ flooded: false });
  expect(alone.filter(({ type }) => type === 'final')).not.toEqual([]);
  await room.removeTrack('mallory');
  events = [];
  nowMs = 6_000;
  for (const [trackId, ssrc] of Object.entries(SSRC)) {
    const track = { participantId: trackId, name: 'microphone', epoch: 1, payloadType: 100, muted: false };
    room.addTrack({ ...track, trackId, ssrc });
  }
  expect(await speak({ flooded: true })).toEqual(alone);

  const limits = events.filter((event) => event.type === 'budgetExceeded');
  expect(new Set(limits.map(({ trackId }) => trackId))).toEqual(new Set(['mallory']));
  expect(limits.length).toBeGreaterThan(3);
  expect(limits.length).toBeLessThanOrEqual(6);
});
