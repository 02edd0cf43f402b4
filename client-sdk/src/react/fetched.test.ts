import { act } from 'react';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClient } from '../../test-support/FakeClient.js';
import { renderHook } from '../../test-support/renderHook.js';
import type { ParticipantLedger, SettingsView } from '../protocol/index.js';
import { useLedgers, useSettings } from './index.js';

let fake: FakeClient;
beforeEach(() => {
  fake = new FakeClient();
});

const ledger = (participantId: string, totalMs: number) =>
  ({ participantId, track: 'microphone', ledger: { totalMs } }) as ParticipantLedger & { track: 'microphone' };

describe('useLedgers', () => {
  test('asks once, then follows what it is told, one for each track', async () => {
    fake.ledgers = async () => [ledger('ada', 1), ledger('ben', 1)];
    const hook = await renderHook(useLedgers, { props: fake.asClient });
    expect(hook.result).toHaveLength(2);
    await act(async () => fake.tell('ledgerUpdated', ledger('ada', 2)));
    expect(hook.result).toEqual([ledger('ben', 1), ledger('ada', 2)]);
  });

  test('asks again after a reconnect, and begins anew with another meeting', async () => {
    fake.ledgers = async () => [ledger('ada', 1)];
    const hook = await renderHook(useLedgers, { props: fake.asClient });
    fake.ledgers = async () => [ledger('ada', 7)];
    await act(async () => fake.enter('reconnecting'));
    expect(hook.result).toEqual([ledger('ada', 1)]);
    await act(async () => fake.enter('joined'));
    expect(hook.result).toEqual([ledger('ada', 7)]);
    const meeting = { meetingId: 'm_2', previousMeetingId: 'm_1', reason: 'serverRestarted' } as const;
    await act(async () => fake.tell('meetingChanged', meeting));
    expect(hook.result).toEqual([]);
  });

  test('stays empty where one may not read', async () => {
    fake.ledgers = () => Promise.reject(new Error('FORBIDDEN'));
    expect((await renderHook(useLedgers, { props: fake.asClient })).result).toEqual([]);
  });
});

describe('useSettings', () => {
  const view = (mode: string) => ({ mode }) as SettingsView;

  test('asks again when settings change, and never for a panel that is closed', async () => {
    const hook = await renderHook((open: boolean) => useSettings(open ? fake.asClient : undefined), { props: false });
    fake.settings = async () => view('fast');
    expect(hook.result).toBeUndefined();
    await hook.rerender(true);
    expect(hook.result).toEqual(view('fast'));
    fake.settings = async () => view('accurate');
    await act(async () => fake.tell('settingsChanged', { scope: 'room', mode: 'accurate', settings: {} as never }));
    expect(hook.result).toEqual(view('accurate'));
  });

  test('does not take the answer of an older question for the newer one', async () => {
    const answers: ((answer: SettingsView) => void)[] = [];
    fake.settings = () => new Promise((resolve) => answers.push(resolve));
    const hook = await renderHook(useSettings, { props: fake.asClient });
    await act(async () => fake.tell('settingsChanged', { scope: 'room', mode: 'new', settings: {} as never }));
    await act(async () => answers[1]?.(view('new')));
    await act(async () => answers[0]?.(view('old')));
    expect(hook.result).toEqual(view('new'));
  });
});
