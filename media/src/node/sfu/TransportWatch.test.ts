import { beforeEach, describe, expect, test } from 'vitest';
import { ManualTime } from '../../testing/ManualTime.js';
import {
  MAX_BYTES_PER_S,
  MAX_OTHER_BYTES_PER_S,
  MAX_PACKETS_PER_S,
  TransportWatch,
  WATCH_EVERY_MS,
} from './TransportWatch.js';

let time: ManualTime;
let flooded: string[];
let watch: TransportWatch;
beforeEach(() => {
  time = new ManualTime();
  flooded = [];
  watch = new TransportWatch({ time, onFlood: (id) => flooded.push(id) });
});

function transport(id: string) {
  let bytes = 0;
  let otherBytes = 0;
  const packets = new Map<string, number>();
  const made = {
    id,
    fails: false,
    answer: Promise.resolve(),
    receive: (more: number) => {
      bytes += more;
    },
    receiveOther: (more: number) => {
      bytes += more;
      otherBytes += more;
    },
    receivePackets: (producerId: string, more: number) => {
      packets.set(producerId, (packets.get(producerId) ?? 0) + more);
    },
    closeProducer: (producerId: string) => packets.delete(producerId),
    received: async () => {
      await made.answer;
      if (made.fails) throw new Error('closed');
      return { bytes, otherBytes, packets: new Map(packets) };
    },
  };
  watch.add(made);
  return made;
}

const PER_LOOK = (MAX_BYTES_PER_S * WATCH_EVERY_MS) / 1_000;
const look = () => time.advanceAsync(WATCH_EVERY_MS);

describe('TransportWatch', () => {
  test('H1 tells of a transport that receives too much, at each look while that goes on, and of no other', async () => {
    const [honest, hostile] = [transport('honest'), transport('hostile')];
    for (let round = 0; round < 3; round += 1) {
      honest.receive(PER_LOOK);
      hostile.receive(PER_LOOK + 1);
      await look();
    }
    expect(flooded).toEqual(['hostile', 'hostile', 'hostile']);
    await look();
    expect(flooded).toHaveLength(3);
  });

  test('H1 tells of many small packets, forwarded or not, of all producers of a transport together', async () => {
    const [honest, hostile] = [transport('honest'), transport('hostile')];
    const perLook = (MAX_PACKETS_PER_S * WATCH_EVERY_MS) / 1_000;
    for (let round = 0; round < 2; round += 1) {
      honest.receivePackets('a', perLook);
      hostile.receivePackets('b', perLook / 2);
      hostile.receivePackets('c', perLook / 2 + 1);
      await look();
    }
    expect(flooded).toEqual(['hostile', 'hostile']);
    // What a closed producer had received hides nothing of what another one receives.
    hostile.closeProducer('b');
    hostile.closeProducer('c');
    hostile.receivePackets('d', perLook + 1);
    await look();
    expect(flooded).toHaveLength(3);
    await look();
    expect(flooded).toHaveLength(3);
  });

  test('H1 tells of many packets that belong to no producer, by their bytes', async () => {
    const [honest, hostile] = [transport('honest'), transport('hostile')];
    const perLook = (MAX_OTHER_BYTES_PER_S * WATCH_EVERY_MS) / 1_000;
    for (let round = 0; round < 2; round += 1) {
      honest.receiveOther(perLook);
      hostile.receiveOther(perLook + 1);
      await look();
    }
    expect(flooded).toEqual(['hostile', 'hostile']);
  });

  test('takes the handshake of a transport that is made right before a look for no flood', async () => {
    transport('before');
    await time.advanceAsync(WATCH_EVERY_MS - 10);
    transport('new').receiveOther(4_000);
    await time.advanceAsync(10);
    expect(flooded).toEqual([]);
  });

  test('H1 goes on looking at the others where one cannot be asked', async () => {
    transport('gone').fails = true;
    const hostile = transport('hostile');
    await look();
    hostile.receive(2 * PER_LOOK);
    await look();
    expect(flooded).toEqual(['hostile']);
  });

  test('keeps one round of looks where all transports are replaced during a look', async () => {
    let resolve = (): void => {};
    transport('before').answer = new Promise((settle) => {
      resolve = settle;
    });
    await look();
    watch.delete('before');
    const honest = transport('after');
    await time.advanceAsync(10);
    resolve();
    await time.advanceAsync(0);
    expect(time.pendingTimers).toBe(1);
    // A look right after another one would take a burst for a flood.
    await time.advanceAsync(WATCH_EVERY_MS - 10);
    honest.receive(PER_LOOK / 2);
    await time.advanceAsync(10);
    expect(flooded).toEqual([]);
  });

  test('forgets what is closed, and waits for nothing when nobody is left', async () => {
    transport('a');
    const hostile = transport('b');
    watch.delete('a');
    expect(time.pendingTimers).toBe(1);
    hostile.receive(2 * PER_LOOK);
    watch.delete('b');
    expect(time.pendingTimers).toBe(0);
    transport('c').receive(2 * PER_LOOK);
    watch.close();
    watch.close();
    transport('d');
    expect(time.pendingTimers).toBe(0);
    expect(flooded).toEqual([]);
  });
});
