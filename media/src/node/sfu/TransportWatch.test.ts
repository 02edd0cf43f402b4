import { beforeEach, describe, expect, test } from 'vitest';
import { ManualTime } from '../../testing/ManualTime.js';
import { MAX_BYTES_PER_S, TransportWatch, WATCH_EVERY_MS } from './TransportWatch.js';

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
  const made = {
    id,
    fails: false,
    answer: Promise.resolve(),
    receive: (more: number) => {
      bytes += more;
    },
    getStats: async () => {
      await made.answer;
      if (made.fails) throw new Error('closed');
      return [{ bytesReceived: bytes }];
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
