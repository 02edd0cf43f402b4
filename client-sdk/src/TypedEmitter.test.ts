import { expect, test, vi } from 'vitest';
import { TypedEmitter } from './TypedEmitter.js';

class Bell extends TypedEmitter<{ rung: [event: { times: number }]; cracked: [] }> {
  ring(times: number): void {
    this.emit('rung', { times });
  }

  crack(): boolean {
    this.emit('cracked');
    return this.hasListeners('cracked');
  }

  melt(): void {
    this.removeAllListeners();
  }
}

test('calls listeners until they are taken off, in either way', () => {
  const bell = new Bell();
  const heard: number[] = [];
  const listener = ({ times }: { times: number }) => heard.push(times);
  const off = bell.on('rung', listener);
  bell.ring(1);
  off();
  bell.ring(2);
  bell.on('rung', listener);
  bell.off('rung', listener);
  bell.ring(3);
  expect(heard).toEqual([1]);
});

test('calls a listener for one event once, and not at all when it was taken off before', () => {
  const bell = new Bell();
  const heard: number[] = [];
  const listener = ({ times }: { times: number }) => heard.push(times);
  bell.once('rung', listener);
  bell.ring(1);
  bell.ring(2);
  bell.once('rung', listener);
  bell.off('rung', listener);
  bell.ring(3);
  expect(heard).toEqual([1]);
});

test('reports what a listener throws and calls the others all the same', () => {
  const reported: unknown[] = [];
  vi.stubGlobal('reportError', (error: unknown) => void reported.push(error));
  const bell = new Bell();
  const failure = new Error('a bug of the application');
  const heard: number[] = [];
  bell.on('rung', () => {
    throw failure;
  });
  bell.on('rung', ({ times }) => heard.push(times));
  bell.ring(1);
  expect(heard).toEqual([1]);
  expect(reported).toEqual([failure]);
  vi.unstubAllGlobals();
});

test('knows events that carry nothing, and whether anybody listens', () => {
  const bell = new Bell();
  expect(bell.crack()).toBe(false);
  const heard: unknown[][] = [];
  bell.on('cracked', (...payload) => heard.push(payload));
  expect([bell.crack(), heard]).toEqual([true, [[]]]);
  bell.melt();
  expect([bell.crack(), heard.length]).toEqual([false, 1]);
});
