import { EventEmitter } from 'node:events';
import type { RtpParameters } from 'mediasoup/types';
import { beforeEach, describe, expect, test } from 'vitest';
import { LocalSfuRoom, type SentChange } from './LocalSfuRoom.js';
import type { MediasoupWorkerPool } from './MediasoupWorkerPool.js';

/** A transport or consumer of mediasoup as far as the tap goes. */
class Part {
  readonly id: string;
  readonly observer = new EventEmitter();
  closed = false;
  rtpParameters = { encodings: [{ ssrc: 7 }], codecs: [{ payloadType: 100 }] };
  tuple = { localPort: 4_000 };
  producerId = '';
  paused = true;

  constructor(id: string) {
    this.id = id;
  }

  once(): void {}

  async connect(): Promise<void> {
    if (refused) throw new Error('no');
  }

  async consume(): Promise<Part> {
    return made('consumer');
  }

  async resume(): Promise<void> {
    this.paused = false;
  }

  close(): void {
    this.closed = true;
    this.observer.emit('close');
  }
}

/** One of a browser, whose requests are answered when the test says so. */
class BrowserTransport extends Part {
  on(): void {}

  async produce(): Promise<Part> {
    await answered;
    return made('producer');
  }

  override async consume(options?: { producerId: string }): Promise<Part> {
    await answered;
    return Object.assign(made('consumer'), { producerId: options?.producerId ?? '' });
  }
}

/** Of requests on a browser's transport. */
let answered: Promise<void>;
let refused: boolean;
let parts: Part[];
let room: LocalSfuRoom;

function made(what: string): Part {
  return kept(new Part(`${what} ${parts.length}`));
}

function kept<P extends Part>(part: P): P {
  parts.push(part);
  return part;
}

beforeEach(async () => {
  refused = false;
  parts = [];
  answered = Promise.resolve();
  const router = {
    once() {},
    close() {},
    canConsume: () => true,
    createPlainTransport: async () => made('tap'),
    createWebRtcTransport: async () => {
      await answered;
      return kept(new BrowserTransport(`transport ${parts.length}`));
    },
  };
  const workers = { createRouter: async () => ({ router, webRtcServer: {} }) };
  room = await LocalSfuRoom.create({ workers: workers as unknown as MediasoupWorkerPool, onEvent: () => {} });
});

describe('the tap of a room', () => {
  test('is closed when it cannot be connected, and the one before it stays', async () => {
    await room.openTap({ port: 1 });
    refused = true;
    await expect(room.openTap({ port: 2 })).rejects.toMatchObject({ code: 'INVALID_STATE' });
    expect(parts.map(({ closed }) => closed)).toEqual([false, true]);
  });

  test('takes the place of the one before it', async () => {
    await room.openTap({ port: 1 });
    await room.openTap({ port: 2 });
    expect(parts.map(({ closed }) => closed)).toEqual([true, false]);
  });

  test('gives back what was begun with a producer', async () => {
    await room.openTap({ port: 1 });
    const { consumerId, ssrc } = await room.tapProducer('producer');
    expect({ ssrc, ...room.counts }).toMatchObject({ ssrc: 7, consumers: 1 });
    room.untap('somebody else');
    room.untap(consumerId);
    expect(room.counts.consumers).toBe(0);
    expect(parts[1]?.closed).toBe(true);
  });
});

test('H7 what somebody is sent is known, and reported as it changes', async () => {
  const changes: SentChange[] = [];
  const rtpParameters = {} as RtpParameters;
  const join = async (ownerId: string) => {
    await room.createTransport({ ownerId, direction: 'recv' });
    const { transportId } = await room.createTransport({ ownerId, direction: 'send' });
    const { producerId } = await room.produce({ ownerId, transportId, rtpParameters, paused: false });
    return producerId;
  };
  const listen = async (ownerId: string, producerId: string) => {
    const consumer = await room.consume({ ownerId, producerId, rtpCapabilities: {} });
    expect(room.sentBesides(ada)).not.toContain(producerId);
    await room.resumeConsumer({ ownerId, consumerId: consumer?.consumerId ?? '' });
  };
  await room.openTap({ port: 1, onSent: (change) => changes.push(change) });
  const [ada, ben, carol] = [await join('ada'), await join('ben'), await join('carol')];
  expect(room.sentBesides(ada)).toEqual([]);
  expect(room.sentBesides('nobody')).toEqual([]);
  await listen('ada', ben);
  await listen('ada', carol);
  expect(room.sentBesides(ada)).toEqual([ben, carol]);
  expect(room.sentBesides(ben)).toEqual([]);
  // The tap is nobody's loudspeaker.
  const tapped = await room.tapProducer(ada);
  await room.resumeTap(tapped.consumerId);
  room.closeOwner('ben');
  const consumerOfBen = parts.find((part) => part.producerId === ben);
  consumerOfBen?.close();
  expect(changes).toEqual([
    { producerId: ada, sentProducerIds: [ben] },
    { producerId: ada, sentProducerIds: [ben, carol] },
    { producerId: ada, sentProducerIds: [carol] },
  ]);
  room.closeTap();
  room.closeOwner('ada', 'recv');
  expect(changes).toHaveLength(3);
});

describe('what is asked of a room', () => {
  const ownerId = 'ada';
  const rtpParameters = {} as RtpParameters;
  let answer: () => void;
  const holdBack = () => {
    answered = new Promise((resolve) => {
      answer = resolve;
    });
  };

  test('H2 and answered after its transport was closed is closed, too', async () => {
    const { transportId } = await room.createTransport({ ownerId, direction: 'send' });
    await room.createTransport({ ownerId: 'ben', direction: 'recv' });
    const { producerId } = await room.produce({ ownerId, transportId, rtpParameters, paused: false });
    holdBack();
    const producing = room.produce({ ownerId, transportId, rtpParameters, paused: false });
    const consuming = room.consume({ ownerId: 'ben', producerId, rtpCapabilities: {} });
    room.closeOwner(ownerId);
    room.closeOwner('ben');
    answer();
    await expect(producing).rejects.toMatchObject({ code: 'TRANSPORT_NOT_FOUND' });
    await expect(consuming).rejects.toMatchObject({ code: 'TRANSPORT_NOT_FOUND' });
    expect(room.counts).toMatchObject({ transports: 0, consumers: 0 });
    expect(parts.filter(({ closed }) => !closed).map(({ id }) => id)).toEqual([parts[2]?.id]);
  });

  test('H2 and answered after the room was closed is closed, too', async () => {
    holdBack();
    const opening = room.createTransport({ ownerId, direction: 'send' });
    room.close();
    answer();
    await expect(opening).rejects.toMatchObject({ code: 'INVALID_STATE' });
    expect(parts.map(({ closed }) => closed)).toEqual([true]);
    expect(room.counts.transports).toBe(0);
  });
});
