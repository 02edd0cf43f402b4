import { act } from 'react';
import { expect, test } from 'vitest';
import { FakeClient } from '../../test-support/FakeClient.js';
import { renderHook } from '../../test-support/renderHook.js';
import { committed } from '../../test-support/segments.js';
import { useTranscript } from './index.js';

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
