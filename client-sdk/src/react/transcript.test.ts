import { act } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClient } from '../../test-support/FakeClient.js';
import { renderHook } from '../../test-support/renderHook.js';
import { committed, interim } from '../../test-support/segments.js';
import { type CaptionOptions, useCaptions, useTranscript } from './index.js';

test('useTranscript follows the transcript, and is empty without a client', async () => {
  const fake = new FakeClient();
  const hook = await renderHook(useTranscript, { props: fake.asClient });
  expect(hook.result).toEqual([]);
  await act(async () => fake.transcript.applyCommitted(committed(1)));
  expect(hook.result).toEqual([committed(1)]);
  await act(async () => fake.transcript.applyCommitted(committed(2)));
  expect(hook.result).toHaveLength(2);
  await hook.unmount();
  const without = await renderHook(useTranscript, { props: undefined });
  expect(without.result).toEqual([]);
});

describe('useCaptions', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const ids = (captions: ReturnType<typeof useCaptions>) => captions.map(({ segment }) => segment.id);

  test('shows what is being said, no more lines than asked for, until it has lingered', async () => {
    const fake = new FakeClient();
    const options = { lines: 1, minDisplayMs: 100, lingerMs: 1_000 };
    const hook = await renderHook(() => useCaptions(fake.asClient, options), { props: undefined });
    await act(async () => fake.transcript.applyInterim(interim('first')));
    expect(ids(hook.result)).toEqual(['first']);
    await act(async () => fake.transcript.applyInterim(interim('second', { startMs: 1_000 })));
    expect(ids(hook.result)).toEqual(['first']);
    await act(async () => vi.advanceTimersByTime(150));
    expect(ids(hook.result)).toEqual(['second']);
    await act(async () => vi.advanceTimersByTime(1_000));
    expect(hook.result).toEqual([]);
    await hook.unmount();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('begins with an empty display for other options, and for no client', async () => {
    const fake = new FakeClient();
    const hook = await renderHook(
      ({ joined, ...options }: CaptionOptions & { joined: boolean }) =>
        useCaptions(joined ? fake.asClient : undefined, options),
      { props: { joined: true } as CaptionOptions & { joined: boolean } },
    );
    await act(async () => fake.transcript.applyInterim(interim('first')));
    const { result } = hook;
    await hook.rerender({ joined: true });
    expect(hook.result).toBe(result);
    await hook.rerender({ joined: true, lines: 2 });
    expect(hook.result).toEqual([]);
    await act(async () => fake.transcript.applyInterim(interim('second', { startMs: 1_000 })));
    expect(ids(hook.result)).toEqual(['second']);
    await hook.rerender({ joined: false });
    expect(hook.result).toEqual([]);
    await hook.unmount();
  });
});
