import { ParleyError } from '@parley/client-sdk/protocol';
import { beforeEach, expect, test } from 'vitest';
import { SocketChannel } from './SocketChannel.js';

let emitted: string[];
let later: (() => void)[];
let closed: number;
let waiting: number;
let channel: SocketChannel;
beforeEach(() => {
  emitted = [];
  later = [];
  closed = 0;
  waiting = 0;
  channel = new SocketChannel({
    emit: (name) => emitted.push(name),
    waiting: () => waiting,
    close: () => {
      closed += 1;
    },
    later: (_, action) => later.push(action),
    onOverflow: () => emitted.push('overflow'),
  });
});

test('tells nothing more once it has said why it ends, and says that once', () => {
  channel.notify('roomLockChanged', { locked: true });
  expect(channel.dismissal).toBeUndefined();
  channel.disconnect(new ParleyError('REMOVED'));
  channel.disconnect(new ParleyError('SIGNED_OUT'));
  channel.notify('roomLockChanged', { locked: false });
  expect(emitted).toEqual(['roomLockChanged', 'dismissed']);
  expect(channel.dismissal?.code).toBe('REMOVED');
  expect([closed, later.length]).toEqual([0, 1]);
  later[0]?.();
  expect(closed).toBe(1);
});

test('gives a client up that takes nothing in', () => {
  waiting = 1_000;
  channel.notify('roomLockChanged', { locked: true });
  expect([emitted, closed]).toEqual([['overflow'], 1]);
});
