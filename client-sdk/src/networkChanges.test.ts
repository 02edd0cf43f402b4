import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defaults } from './defaults.js';
import { onNetworkChange } from './networkChanges.js';

class FakeConnection extends EventTarget {
  type: string | undefined;
  effectiveType = '4g';
}

let connection: FakeConnection;
let page: EventTarget;
let changes: number;
let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  connection = new FakeConnection();
  page = new EventTarget();
  vi.stubGlobal('navigator', { connection });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  changes = 0;
  stop = onNetworkChange(() => {
    changes += 1;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTime(defaults.networkSettleMs);
function change(to: Partial<FakeConnection> = {}): void {
  Object.assign(connection, to);
  connection.dispatchEvent(new Event('change'));
}

test('another network is told once, however many events it takes', () => {
  change({ type: 'none' });
  change({ type: 'cellular' });
  page.dispatchEvent(new Event('online'));
  expect(changes).toBe(0);
  settle();
  expect(changes).toBe(1);
  page.dispatchEvent(new Event('online'));
  settle();
  expect(changes).toBe(2);
});

test('a new estimate of the same network is no other network', () => {
  change();
  settle();
  expect(changes).toBe(0);
  change({ effectiveType: '3g' });
  settle();
  expect(changes).toBe(1);
});

test('nothing is told after the end, not even what was about to be', () => {
  change({ type: 'wifi' });
  stop();
  change({ type: 'cellular' });
  page.dispatchEvent(new Event('online'));
  settle();
  expect(changes).toBe(0);
});

test('where there is no browser nothing ever changes', () => {
  vi.stubGlobal('navigator', undefined);
  vi.stubGlobal('addEventListener', undefined);
  expect(() => onNetworkChange(() => {})()).not.toThrow();
});
