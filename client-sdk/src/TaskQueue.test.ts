import { expect, test } from 'vitest';
import { TaskQueue } from './TaskQueue.js';

test('runs tasks in order, each after the one before, failed ones included', async () => {
  const queue = new TaskQueue({ capacity: 10 });
  const log: string[] = [];
  let release: () => void = () => {};
  const first = queue.run(async () => {
    log.push('first begins');
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    log.push('first fails');
    throw new Error('failed');
  });
  const second = queue.run(() => log.push('second'));
  await Promise.resolve();
  expect(log).toEqual(['first begins']);
  release();
  await expect(first).rejects.toThrow('failed');
  await second;
  expect(log).toEqual(['first begins', 'first fails', 'second']);
});

test('refuses what is too much, and takes more when there is room again', async () => {
  const queue = new TaskQueue({ capacity: 1 });
  let release: (value: string) => void = () => {};
  const first = queue.run(
    () =>
      new Promise<string>((resolve) => {
        release = resolve;
      }),
  );
  await expect(queue.run(() => 'too much')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  release('done');
  expect(await first).toBe('done');
  expect(await queue.run(() => 'room again')).toBe('room again');
});
