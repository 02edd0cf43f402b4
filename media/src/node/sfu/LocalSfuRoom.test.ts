import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { LocalSfuRoom } from './LocalSfuRoom.js';
import type { MediasoupWorkerPool } from './MediasoupWorkerPool.js';

/** A transport or consumer of mediasoup as far as the tap goes. */
class Part {
  readonly id: string;
  readonly observer = new EventEmitter();
  closed = false;
  rtpParameters = { encodings: [{ ssrc: 7 }], codecs: [{ payloadType: 100 }] };
  tuple = { localPort: 4_000 };

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

  close(): void {
    this.closed = true;
    this.observer.emit('close');
  }
}

let refused: boolean;
let parts: Part[];
let room: LocalSfuRoom;

function made(what: string): Part {
  const part = new Part(`${what} ${parts.length}`);
  parts.push(part);
  return part;
}

beforeEach(async () => {
  refused = false;
  parts = [];
  const router = { once() {}, createPlainTransport: async () => made('tap') };
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
