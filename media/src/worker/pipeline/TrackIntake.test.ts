import { afterEach, describe, expect, it } from 'vitest';
import { noise } from '../../testing/noises.js';
import { OpusEncoder, PACKET_TICKS } from '../../testing/OpusEncoder.js';
import { VAD_FRAME_SAMPLES } from '../speech/index.js';
import { VoiceActivityStream, type VoiceActivityStreamOptions } from '../speech/VoiceActivityStream.js';
import { type IntakeEvent, TrackIntake } from './TrackIntake.js';

const encoder = new OpusEncoder();
const PACKETS = encoder.encode(noise({ kind: 'white', seconds: 2, levelDb: -20 }), { lossPercent: 0 });
encoder.close();
const FRAME = VAD_FRAME_SAMPLES;
const loud = (samples: number) => Int16Array.from({ length: samples }, (_, at) => (at % 2 === 0 ? 1_000 : -1_000));

/** Voice activity that answers at once, or, when it is held, with each call of `answer`. */
function activityOf(held: boolean) {
  let stream: VoiceActivityStream | undefined;
  let asked = 0;
  let waiting = false;
  return {
    asked: () => asked,
    closed: () => stream === undefined,
    /** @returns false where nothing waits for an answer */
    answer(probability: number): boolean {
      if (!waiting) return false;
      waiting = false;
      stream?.finish(probability);
      return true;
    },
    fail(): void {
      waiting = false;
      stream?.fail(new Error('the model failed'));
    },
    model: {
      open: (options: VoiceActivityStreamOptions) =>
        new VoiceActivityStream(
          {
            ready(ready) {
              stream = ready;
              if (ready.takeFrame() === undefined) return;
              asked += 1;
              if (held) waiting = true;
              else ready.finish(0.9);
            },
            closed() {
              stream = undefined;
            },
          },
          options,
        ),
    },
  };
}

let opened: TrackIntake[] = [];
afterEach(() => {
  for (const intake of opened) intake.close();
  opened = [];
});

function intakeOf(options: { held?: boolean } = {}) {
  const clock = { nowMs: 6_000 };
  const events: IntakeEvent[] = [];
  const activity = activityOf(options.held ?? false);
  const intake = new TrackIntake({
    payloadType: 100,
    meetingStartedAtMs: 1_000,
    voiceActivity: activity.model,
    now: () => clock.nowMs,
    onEvent: (event) => events.push(event),
  });
  opened.push(intake);
  let sequenceNumber = 65_530;
  let timestamp = 0xffff_ff00;
  const of = <T extends IntakeEvent['type']>(type: T) =>
    events.filter((event): event is Extract<IntakeEvent, { type: T }> => event.type === type);
  return {
    intake,
    events,
    activity,
    of,
    clock,
    frames: () => of('frameJudged').map(({ startSample, probability }) => [startSample, probability]),
    /** Audio of each kind, in milliseconds. */
    received: () => {
      const sums: Record<string, number> = {};
      for (const { origin, samples } of of('audioReceived')) sums[origin] = (sums[origin] ?? 0) + samples / 16;
      return sums;
    },
    send: (packets: number, send: { lose?: (packet: number) => boolean } = {}) => {
      for (let packet = 0; packet < packets; packet += 1) {
        const payload = PACKETS[packet % PACKETS.length] ?? new Uint8Array(0);
        if (send.lose?.(packet) !== true) {
          intake.push({ payloadType: 100, marker: false, sequenceNumber, timestamp, ssrc: 1, payload });
        }
        sequenceNumber = (sequenceNumber + 1) % 65_536;
        timestamp = (timestamp + PACKET_TICKS) % 2 ** 32;
        clock.nowMs += 20;
        intake.tick();
      }
    },
    /** Time passes on the sender's clock as well, and nothing is sent. */
    pass: (ms: number, how: 'tick' | 'release') => {
      for (let passed = 0; passed < ms; passed += 20) {
        clock.nowMs += 20;
        intake[how]();
      }
      timestamp = (timestamp + ms * 48) % 2 ** 32;
    },
    startOver: () => {
      sequenceNumber = 30_000;
      timestamp = 2_000_000_000;
    },
  };
}

describe('the intake of a track', () => {
  it('makes frames of PCM in whatever pieces it comes, each with its place, its answer and its level', () => {
    const { intake, frames, of } = intakeOf();
    for (let from = 0; from < 4 * FRAME; from += 100) intake.pushPcm(loud(Math.min(100, 4 * FRAME - from)));
    expect(frames()).toEqual([0, 1, 2, 3].map((frame) => [frame * FRAME, 0.9]));
    for (const { rms } of of('frameJudged')) expect(rms).toBeCloseTo(1_000 / 32_768, 4);
    expect(intake.timeline.ring.read(0, 3)).toEqual(loud(3));
  });

  it('reports audio as it comes, before the VAD has answered', () => {
    const { intake, events, activity } = intakeOf({ held: true });
    intake.pushPcm(loud(FRAME));
    expect(events).toMatchObject([{ type: 'audioReceived', startSample: 0, samples: FRAME, origin: 'audio' }]);
    expect(activity.answer(0.7)).toBe(true);
    expect(events.slice(1)).toMatchObject([{ type: 'frameJudged', startSample: 0, probability: 0.7 }]);
  });

  it('H7 takes what came ahead of its turn to have arrived with what it waited for', () => {
    const { intake, of, clock } = intakeOf();
    const push = (number: number) =>
      intake.push({
        payloadType: 100,
        marker: false,
        sequenceNumber: 100 + number,
        timestamp: number * PACKET_TICKS,
        ssrc: 1,
        payload: PACKETS[number] ?? new Uint8Array(0),
      });
    // Every other packet 80 ms before the one that it belongs behind.
    for (const number of [0, 1, 3, 5]) push(number);
    const ahead = (number: number) => (number % 2 === 1 ? number + 4 : number);
    for (let number = 2; number < 40; number += 1) {
      clock.nowMs += 20;
      push(ahead(number));
      intake.tick();
    }
    const startedAtMs = clock.nowMs - 38 * 20;
    const frames = of('frameJudged');
    expect(frames.length).toBeGreaterThan(15);
    for (const [index, { arrivedAtMs }] of frames.entries()) {
      // No sooner than if all had come in their turn.
      expect(arrivedAtMs - startedAtMs).toBeGreaterThan(index * 32 - 35);
    }
  });

  it('knows when the samples of each frame arrived', () => {
    const { intake, of, clock } = intakeOf();
    const startedAtMs = clock.nowMs;
    intake.pushPcm(loud(FRAME / 4));
    clock.nowMs += 40;
    intake.pushPcm(loud((3 * FRAME) / 4));
    clock.nowMs += 32;
    intake.pushPcm(loud(FRAME));
    expect(of('frameJudged').map(({ arrivedAtMs }) => arrivedAtMs - startedAtMs)).toEqual([30, 72]);
  });

  it('has it from the packets that the samples came in, also where they are decoded later', () => {
    const { of, send, clock } = intakeOf();
    send(10);
    const frames = of('frameJudged');
    // Packets come every 20 ms, and samples have arrived when their packet has.
    for (const [index, { arrivedAtMs }] of frames.entries())
      expect(Math.abs(arrivedAtMs - (clock.nowMs - 200 + index * 32))).toBeLessThan(25);
    expect(frames.length).toBeGreaterThan(4);
  });

  it('keeps the answers in the order of the stream, however late they come', () => {
    const { intake, activity, frames } = intakeOf({ held: true });
    intake.pushPcm(loud(3 * FRAME));
    expect(frames()).toEqual([]);
    for (const probability of [0.1, 0.2, 0.3]) activity.answer(probability);
    expect(frames()).toEqual([
      [0, 0.1],
      [FRAME, 0.2],
      [2 * FRAME, 0.3],
    ]);
  });

  it('takes the answer before it where the VAD failed with a frame: none is left out', () => {
    const { intake, activity, frames } = intakeOf({ held: true });
    intake.pushPcm(loud(3 * FRAME));
    activity.answer(0.8);
    activity.fail();
    activity.answer(0.3);
    expect(frames()).toEqual([
      [0, 0.8],
      [FRAME, 0.8],
      [2 * FRAME, 0.3],
    ]);
  });

  it('knows when a sample was said, in milliseconds of the meeting', () => {
    const { intake, clock } = intakeOf();
    intake.pushPcm(loud(FRAME));
    clock.nowMs += 32;
    intake.pushPcm(loud(FRAME));
    expect(intake.timeline.msOf(0)).toBe(5_000);
    expect(intake.timeline.msOf(FRAME)).toBe(5_032);
  });
});

describe('digital silence', () => {
  it('costs no run of the VAD while nobody speaks, and is a frame all the same', () => {
    const { intake, activity, frames } = intakeOf();
    intake.pushPcm(new Int16Array(2 * FRAME));
    expect(activity.asked()).toBe(0);
    expect(frames()).toEqual([
      [0, 0],
      [FRAME, 0],
    ]);
  });

  it('is shown to the VAD while somebody speaks', () => {
    const { intake, activity } = intakeOf();
    intake.speaking = true;
    intake.pushPcm(new Int16Array(2 * FRAME));
    expect(activity.asked()).toBe(2);
    intake.speaking = false;
    intake.pushPcm(new Int16Array(FRAME));
    expect(activity.asked()).toBe(2);
  });

  it('does not overtake a frame whose answer has not come', () => {
    const { intake, activity, frames } = intakeOf({ held: true });
    intake.pushPcm(loud(FRAME));
    intake.pushPcm(new Int16Array(FRAME));
    expect(frames()).toEqual([]);
    while (activity.answer(0.6));
    expect(frames()).toEqual([
      [0, 0.6],
      [FRAME, 0.6],
    ]);
  });
});

describe('a flush', () => {
  it('rounds the last frame up with silence, and is over when the VAD has answered it', async () => {
    const { intake, activity, frames } = intakeOf({ held: true });
    intake.pushPcm(loud(FRAME + 10));
    let over = false;
    const flushed = intake.flush().then(() => {
      over = true;
    });
    activity.answer(0.5);
    await Promise.resolve();
    expect(over).toBe(false);
    activity.answer(0.4);
    await flushed;
    expect(frames()).toEqual([
      [0, 0.5],
      [FRAME, 0.4],
    ]);
  });

  it('lets packets out that wait for one before them', async () => {
    const { intake, send, received } = intakeOf();
    send(10, { lose: (packet) => packet === 8 });
    const before = received().audio ?? 0;
    await intake.flush();
    expect(before).toBeLessThanOrEqual(160);
    expect(received()).toMatchObject({ audio: 180, concealed: 20 });
  });
});

describe('RTP', () => {
  it('becomes one time line over the wrap-around of numbers and timestamps', async () => {
    const { intake, send, received, frames } = intakeOf();
    send(40);
    await intake.flush();
    expect(received()).toEqual({ audio: 800 });
    expect(frames().map(([startSample]) => startSample)).toEqual(
      Array.from({ length: 25 }, (_, frame) => frame * FRAME),
    );
  });

  it('that was lost is filled, and counted as such', async () => {
    const { intake, send, received } = intakeOf();
    send(50, { lose: (packet) => packet % 10 === 5 });
    await intake.flush();
    expect(received()).toEqual({ audio: 900, concealed: 100 });
  });

  it('that stops is filled by the clock with `tick`, and not with `release`', () => {
    const ticked = intakeOf();
    ticked.send(10);
    ticked.pass(1_000, 'tick');
    expect(ticked.received().audio).toBe(200);
    const filledMs = (ticked.received().concealed ?? 0) + (ticked.received().dtx ?? 0);
    expect(filledMs).toBeGreaterThan(700);
    expect(filledMs).toBeLessThanOrEqual(1_000);
    const released = intakeOf();
    released.send(10);
    released.pass(1_000, 'release');
    expect(released.received()).toEqual({ audio: 200 });
  });

  it('that goes on long after a pause without time of its own jumps, and what is left out is concealed', async () => {
    const { intake, send, pass, of, received } = intakeOf();
    send(16);
    pass(4_000, 'release');
    send(16);
    await intake.flush();
    const [jump] = of('jumped');
    expect(of('jumped')).toHaveLength(1);
    expect(jump?.toSample).toBe((320 + 4_000) * 16);
    expect(received()).toEqual({ audio: 640, concealed: 4_000 });
  });

  it('is not dropped after a mute of ten minutes, although the clock fills time before the first packet', () => {
    const { send, pass, of, intake } = intakeOf();
    send(16);
    pass(600_000, 'release');
    // Unmuted: ticks come a moment earlier than packets do.
    intake.tick();
    pass(40, 'tick');
    send(50);
    expect(of('budgetExceeded')).toEqual([]);
    const audio = of('audioReceived').filter(({ origin }) => origin === 'audio');
    expect(audio).toHaveLength(16 + 50);
  });

  it('of a sender that starts over begins another time line, in its place among the frames', async () => {
    const { intake, send, startOver, events, of } = intakeOf();
    send(16);
    startOver();
    send(16);
    await intake.flush();
    expect(of('timelineStarted').map(({ timeline }) => timeline.index)).toEqual([1]);
    const kinds = events.filter(({ type }) => type !== 'audioReceived').map(({ type }) => type);
    expect(kinds.indexOf('timelineStarted')).toBe(10);
    const starts = of('frameJudged').map(({ startSample }) => startSample);
    expect(starts.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, frame) => frame * FRAME));
    expect(starts[10]).toBe(0);
    expect(new Set(of('audioReceived').map(({ timeline }) => timeline.index))).toEqual(new Set([0, 1]));
  });
});

describe('a closed intake', () => {
  it('takes nothing more, and can be closed again', () => {
    const { intake, activity, send, events } = intakeOf();
    intake.pushPcm(loud(FRAME));
    intake.close();
    intake.close();
    const before = events.length;
    intake.pushPcm(loud(FRAME));
    send(5);
    intake.release();
    expect(events).toHaveLength(before);
    expect(activity.closed()).toBe(true);
  });

  it('reports no answer that comes after the end', () => {
    const { intake, activity, frames } = intakeOf({ held: true });
    intake.pushPcm(loud(FRAME));
    intake.close();
    activity.answer(0.9);
    expect(frames()).toEqual([]);
  });
});
