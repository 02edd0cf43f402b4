import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { TrafficMeter } from '../edge/TrafficMeter.js';
import { FloodGuard } from './FloodGuard.js';

/** The `ws` package's side of one WebSocket. */
class FakeWebSocket extends EventEmitter {
  readonly done: string[] = [];

  pause(): void {
    this.done.push('pause');
  }

  terminate(): void {
    this.done.push('terminate');
  }
}

let nowMs: number;
let socket: FakeWebSocket;
let tcp: EventEmitter;
/** Messages that reached engine.io. */
let read: number;
let later: (() => void)[];
let guard: FloodGuard;
let connection: { request: { socket: EventEmitter }; transport: { socket: FakeWebSocket } };
beforeEach(() => {
  nowMs = 0;
  read = 0;
  later = [];
  socket = new FakeWebSocket();
  tcp = new EventEmitter();
  connection = { request: { socket: tcp }, transport: { socket } };
  guard = new FloodGuard({
    // 4 packets and 16,384 bytes for each request.
    meter: () => new TrafficMeter({ messagesPerSecond: 1, messageBurst: 10, now: () => nowMs }),
    later: (_, action) => void later.push(action),
  });
  socket.on('message', () => {
    read += 1;
  });
  guard.watch(connection);
});

describe('a WebSocket', () => {
  test('H4 that sends acks and signs of life without end is not read any more, told so, and cut off', () => {
    guard.onFlood(connection, () => socket.done.push('farewell'));
    for (let count = 0; count < 1_000; count += 1) socket.emit('message', '3');
    // The one too many was on its way already.
    expect(read).toBe(41);
    expect(socket.done).toEqual(['pause', 'farewell']);
    for (const action of later) action();
    expect(socket.done).toEqual(['pause', 'farewell', 'terminate']);
  });

  test('H4 that has not said who it is is cut off at once', () => {
    for (let count = 0; count < 1_000; count += 1) socket.emit('message', '3');
    expect(socket.done).toEqual(['terminate']);
  });

  test.each(['ping', 'pong'])('H4 that sends %s frames without end is cut off at once', (frame) => {
    guard.onFlood(connection, () => socket.done.push('farewell'));
    for (let count = 0; count < 1_000; count += 1) socket.emit(frame);
    expect(socket.done).toEqual(['terminate']);
  });

  test('H4 that sends too many bytes is cut off, whatever they are', () => {
    for (let count = 0; count < 10; count += 1) tcp.emit('data', Buffer.alloc(16_384));
    expect(socket.done).toEqual([]);
    tcp.emit('data', Buffer.alloc(1));
    expect(socket.done).toEqual(['terminate']);
  });

  test('that sends no more than it may is left alone for ever', () => {
    for (let second = 0; second < 3_600; second += 1) {
      for (let count = 0; count < 4; count += 1) socket.emit('message', '3');
      tcp.emit('data', Buffer.alloc(16_384));
      nowMs += 1_000;
    }
    expect([read, socket.done]).toEqual([4 * 3_600, []]);
  });
});
