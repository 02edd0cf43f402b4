import { ParleyError } from '@parley/client-sdk/protocol';
import { beforeEach, expect, test, vi } from 'vitest';
import { MESSAGE_OVERHEAD_BYTES, OUTBOX_LIMITS, type Outbox } from './Outbox.js';
import { type SlowClient, SocketChannel } from './SocketChannel.js';

let emitted: string[];
let later: { delayMs: number; action: () => void }[];
let ended: string[];
let slow: SlowClient[];
let outbox: Outbox;
let channel: SocketChannel;
/** What waits until the socket is empty. */
let onEmpty: (() => void)[];

beforeEach(() => {
  emitted = [];
  later = [];
  ended = [];
  slow = [];
  onEmpty = [];
  channel = new SocketChannel({
    emit: (name) => {
      emitted.push(name);
    },
    watch: (watched) => {
      outbox = watched;
      return {
        discardQueued: () => ended.push('discarded'),
        onceEmpty: (call) => onEmpty.push(call),
        terminate: () => ended.push('terminated'),
      };
    },
    close: () => ended.push('closed'),
    later: (delayMs, action) => later.push({ delayMs, action }),
    onSlow: (client) => slow.push(client),
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
  expect([ended, later.length]).toEqual([[], 1]);
  later[0]?.action();
  expect(ended).toEqual(['closed']);
});

test('gives a client up that takes too little in: it may do nothing any more, and is closed as soon as it has heard why', async () => {
  outbox.handedOver(OUTBOX_LIMITS.mostBytes - MESSAGE_OVERHEAD_BYTES);
  channel.notify('roomLockChanged', { locked: true });
  await vi.waitFor(() => expect(slow).toHaveLength(1));
  expect(slow[0]).toMatchObject({ reason: 'bytes', waitingMessages: 1 });
  expect([emitted, ended]).toEqual([['dismissed'], ['discarded']]);
  expect(channel.dismissal?.code).toBe('SLOW_CONSUMER');
  onEmpty[0]?.();
  later.find(({ delayMs }) => delayMs < 1_000)?.action();
  expect(ended).toEqual(['discarded', 'closed']);
});

test('closes by force a client that does not even take in why', async () => {
  outbox.handedOver(OUTBOX_LIMITS.mostBytes);
  channel.notify('roomLockChanged', { locked: true });
  await vi.waitFor(() => expect(later).toHaveLength(1));
  later[0]?.action();
  expect(ended).toEqual(['discarded', 'closed', 'terminated']);
});

test('has one reason to end: whoever was dismissed is not given up on top', async () => {
  outbox.handedOver(OUTBOX_LIMITS.mostBytes);
  channel.notify('roomLockChanged', { locked: true });
  channel.disconnect(new ParleyError('REMOVED'));
  await new Promise(setImmediate);
  expect([slow, emitted]).toEqual([[], ['dismissed']]);
});
