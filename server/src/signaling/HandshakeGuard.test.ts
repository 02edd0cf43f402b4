import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { HandshakeGuard } from './HandshakeGuard.js';

class Connection extends EventEmitter {
  closed = 0;
  close(): void {
    this.closed += 1;
  }
  say(data: unknown, type = 'message'): void {
    this.emit('packet', { type, data });
  }
}

test('lets a WebSocket say once who it is, in whatever namespace', () => {
  const guard = new HandshakeGuard();
  const connection = new Connection();
  guard.watch(connection);
  expect(guard.isFirst(connection)).toBe(false);
  connection.say('0{"a":1}');
  expect([guard.isFirst(connection), connection.closed]).toEqual([true, 0]);
  connection.say('2["join",{}]');
  connection.say('0', 'pong');
  connection.say(Buffer.from('0'));
  expect([guard.isFirst(connection), connection.closed]).toEqual([true, 0]);
  connection.say('0/other,{}');
  expect([guard.isFirst(connection), connection.closed]).toEqual([false, 1]);
});
