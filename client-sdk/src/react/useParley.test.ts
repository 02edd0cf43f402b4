import { act } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClient } from '../../test-support/FakeClient.js';
import { type RenderedHook, renderHook } from '../../test-support/renderHook.js';
import type { JoinRoomOptions } from '../clientOptions.js';
import { ParleyClient } from '../ParleyClient.js';
import { errorOf } from '../protocol/index.js';
import { type Parley, useParley } from './index.js';

type Options = JoinRoomOptions | undefined;

const daily: Options = { url: 'https://meet.example', room: 'daily', name: 'Ada' };

/** Joins in the order in which they were asked for; a test lets them succeed or fail. */
let joins: { options: JoinRoomOptions; succeed: () => Promise<FakeClient>; fail: (error: Error) => Promise<void> }[];
let hook: RenderedHook<Options, Parley>;
beforeEach(() => {
  joins = [];
  vi.spyOn(ParleyClient, 'join').mockImplementation(
    (options) =>
      new Promise((resolve, reject) => {
        joins.push({
          options,
          succeed: async () => {
            const fake = new FakeClient();
            await act(async () => resolve(fake.asClient));
            return fake;
          },
          fail: (error) => act(async () => reject(error)),
        });
      }),
  );
});
afterEach(async () => {
  await hook.unmount();
  vi.restoreAllMocks();
});

async function rendered(props: Options, strict = false): Promise<void> {
  hook = await renderHook(useParley, { props, strict });
}

async function joined(): Promise<FakeClient> {
  await rendered(daily);
  const fake = await joins[0]?.succeed();
  if (fake === undefined) throw new Error('nothing was joined');
  return fake;
}

describe('useParley', () => {
  test('joins nothing without options, and joins once they are there', async () => {
    await rendered(undefined);
    expect(joins).toEqual([]);
    expect(hook.result).toMatchObject({ client: undefined, state: 'idle', error: undefined });
    await hook.rerender(daily);
    expect(joins.map(({ options }) => options)).toEqual([{ ...daily, onWaiting: expect.any(Function) }]);
    expect(hook.result.state).toBe('connecting');
    const fake = await joins[0]?.succeed();
    expect(hook.result).toMatchObject({ client: fake, state: 'joined' });
  });

  test('shows the client that waits to be admitted, and ends the wait when nobody looks any more', async () => {
    await rendered(daily);
    const waiting = new FakeClient();
    waiting.state = 'waiting';
    await act(async () => joins[0]?.options.onWaiting?.(waiting.asClient));
    expect(hook.result).toMatchObject({ client: waiting, state: 'waiting' });
    await hook.rerender(undefined);
    expect(waiting.closed).toBe(true);
  });

  test('joins once in strict mode, which takes every effect back and does it again', async () => {
    await rendered(daily, true);
    expect(joins).toHaveLength(1);
    const fake = await joins[0]?.succeed();
    expect(hook.result.client).toBe(fake);
    expect(fake?.closed).toBe(false);
  });

  test('follows the state of the client, and keeps it when the meeting is over', async () => {
    const fake = await joined();
    await act(async () => fake.enter('reconnecting'));
    expect(hook.result.state).toBe('reconnecting');
    const error = errorOf('MEETING_ENDED');
    await act(async () => {
      fake.tell('disconnected', { error, willReconnect: false });
      fake.enter('disconnected');
    });
    expect(hook.result).toMatchObject({ client: fake, state: 'disconnected', error });
  });

  test('tells failures, and says nothing of a loss that is being repaired', async () => {
    const fake = await joined();
    await act(async () => fake.tell('disconnected', { error: errorOf('CONNECTION_LOST'), willReconnect: true }));
    expect(hook.result.error).toBeUndefined();
    const error = errorOf('MICROPHONE_DENIED');
    await act(async () => fake.tell('error', { error }));
    expect(hook.result.error).toBe(error);
  });

  test('tells what kept one out, and joins again when asked to', async () => {
    await rendered(daily);
    const error = errorOf('ROOM_FULL');
    await joins[0]?.fail(error);
    expect(hook.result).toMatchObject({ client: undefined, state: 'idle', error });
    await act(async () => hook.result.rejoin());
    expect(joins).toHaveLength(2);
    expect(hook.result).toMatchObject({ state: 'connecting', error: undefined });
  });

  test('stays where it is when options change that make no other stay', async () => {
    const fake = await joined();
    await hook.rerender({ ...daily, name: 'Ada L.' } as Options);
    expect(joins).toHaveLength(1);
    expect(hook.result.client).toBe(fake);
    expect(fake.closed).toBe(false);
  });

  test('leaves for another room', async () => {
    const fake = await joined();
    await hook.rerender({ ...daily, room: 'weekly' } as Options);
    expect(fake.closed).toBe(true);
    expect(joins[1]?.options.room).toBe('weekly');
    expect(hook.result).toMatchObject({ client: undefined, state: 'connecting' });
  });

  test('leaves when there are no options any more, and when the component goes', async () => {
    const first = await joined();
    await hook.rerender(undefined);
    expect(first.closed).toBe(true);
    expect(hook.result).toMatchObject({ client: undefined, state: 'idle' });
    await hook.rerender(daily);
    const second = await joins[1]?.succeed();
    await hook.unmount();
    expect(second?.closed).toBe(true);
  });

  test('closes a client that is let in after the component has gone', async () => {
    await rendered(daily);
    await hook.unmount();
    expect((await joins[0]?.succeed())?.closed).toBe(true);
  });
});
