import { act } from 'react';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClient, participant } from '../../test-support/FakeClient.js';
import { renderHook } from '../../test-support/renderHook.js';
import type { ConnectionQuality } from '../media/qualityOf.js';
import {
  useAccess,
  useActiveSpeakers,
  useClientState,
  useConnectionQuality,
  useParticipants,
  useRecord,
  useTrackStates,
  useTranscription,
} from './index.js';

let fake: FakeClient;
beforeEach(() => {
  fake = new FakeClient();
});

const quality = (level: ConnectionQuality['level'], lossShare = 0): ConnectionQuality => ({
  level,
  lossShare,
  jitterMs: 1,
});

describe('a hook without a client', () => {
  test('gives what there is before a join', async () => {
    const hook = await renderHook(
      () => ({
        state: useClientState(undefined),
        participants: useParticipants(undefined),
        speakers: useActiveSpeakers(undefined),
        transcription: useTranscription(undefined),
        access: useAccess(undefined),
        quality: useConnectionQuality(undefined, 'ben'),
        states: useTrackStates(undefined),
      }),
      { props: undefined },
    );
    expect(hook.result).toEqual({
      state: 'idle',
      participants: [],
      speakers: [],
      transcription: undefined,
      access: { grants: [], moderates: false, locked: false, waitingRoom: false },
      quality: undefined,
      states: new Map(),
    });
    await hook.unmount();
  });
});

describe('useParticipants', () => {
  test('has oneself first and the others as they came, and follows them', async () => {
    fake.participants.set('ben', participant('ben', { joinedAtMs: 5 }));
    fake.participants.set('me', participant('me', { joinedAtMs: 9 }));
    const hook = await renderHook(useParticipants, { props: fake.asClient });
    const ids = () => hook.result.map(({ participantId }) => participantId);
    expect(ids()).toEqual(['me', 'ben']);
    const ada = participant('ada', { joinedAtMs: 1 });
    await act(async () => {
      fake.participants.set('ada', ada);
      fake.tell('participantJoined', { participant: ada });
    });
    expect(ids()).toEqual(['me', 'ada', 'ben']);
    await act(async () => {
      fake.participants.delete('ben');
      fake.tell('participantLeft', { participantId: 'ben', reason: 'left' });
    });
    expect(ids()).toEqual(['me', 'ada']);
    await act(async () => {
      fake.participants.clear();
      fake.enter('connected');
    });
    expect(ids()).toEqual([]);
  });

  test('renders nothing for an event that changes nothing, and gives the same list', async () => {
    fake.participants.set('me', participant('me'));
    const hook = await renderHook(useParticipants, { props: fake.asClient });
    const { result, renders } = hook;
    await act(async () => fake.tell('speechEnded', { participantId: 'me', track: 'microphone', atMs: 1 }));
    expect(hook.renders).toBe(renders);
    expect(hook.result).toBe(result);
  });

  test('changes to another client, and listens to none after the end', async () => {
    const other = new FakeClient();
    other.participants.set('cleo', participant('cleo'));
    const hook = await renderHook(useParticipants, { props: fake.asClient });
    await hook.rerender(other.asClient);
    expect(hook.result).toHaveLength(1);
    await hook.unmount();
    const { renders } = hook;
    await act(async () => {
      other.participants.clear();
      other.enter('connected');
      fake.enter('connected');
    });
    expect(hook.renders).toBe(renders);
  });
});

describe('the state of the meeting', () => {
  test('useClientState follows the client', async () => {
    const hook = await renderHook(useClientState, { props: fake.asClient });
    for (const state of ['reconnecting', 'joined', 'disconnected'] as const) {
      await act(async () => fake.enter(state));
      expect(hook.result).toBe(state);
    }
  });

  test('useActiveSpeakers, useTranscription and useAccess follow their events', async () => {
    const hook = await renderHook(
      (client: FakeClient['asClient']) => ({
        speakers: useActiveSpeakers(client),
        transcription: useTranscription(client),
        access: useAccess(client),
      }),
      { props: fake.asClient },
    );
    const transcription = { state: 'ready', mode: 'fast', model: { name: 'x', demo: false } } as never;
    await act(async () => {
      fake.activeSpeakers = ['ben'];
      fake.tell('activeSpeakersChanged', { participantIds: ['ben'] });
      fake.transcription = transcription;
      fake.tell('transcriptionChanged', { transcription });
      fake.grants = ['join', 'moderate'];
      fake.tell('grantsChanged', { grants: ['join', 'moderate'] });
      fake.locked = true;
      fake.tell('roomLockChanged', { locked: true });
    });
    expect(hook.result).toEqual({
      speakers: ['ben'],
      transcription,
      access: { grants: ['join', 'moderate'], moderates: true, locked: true, waitingRoom: false },
    });
  });

  test('H11 useRecord follows what keeps this participant from being transcribed', async () => {
    const hook = await renderHook(useRecord, { props: fake.asClient });
    const none = { offTheRecord: false, roomOffTheRecord: false, consent: undefined, consentNeeded: undefined };
    expect(hook.result).toEqual(none);
    const consent = { version: '1' };
    await act(async () => {
      fake.offTheRecord = true;
      fake.tell('participantUpdated', { participant: participant('me', { notTranscribed: ['offTheRecord'] }) });
      fake.consent = consent;
      fake.tell('roomConsentChanged', { consent });
    });
    expect(hook.result).toEqual({ ...none, offTheRecord: true, consent });
    const { renders } = hook;
    await act(async () => fake.tell('participantUpdated', { participant: participant('ben') }));
    expect(hook.renders).toBe(renders);
    await act(async () => {
      fake.roomOffTheRecord = true;
      fake.tell('roomOffTheRecordChanged', { on: true, changedBy: 'ben' });
    });
    expect(hook.result.roomOffTheRecord).toBe(true);
  });

  test('useConnectionQuality tells of another level, and not of every number', async () => {
    fake.qualities.set('ben', quality('good'));
    const hook = await renderHook((id: string) => useConnectionQuality(fake.asClient, id), { props: 'ben' });
    const { renders } = hook;
    fake.qualities.set('ben', quality('good', 0.01));
    await act(async () => fake.tell('connectionQualityChanged', { participantId: 'ada', quality: quality('good') }));
    expect(hook.renders).toBe(renders);
    fake.qualities.set('ben', quality('poor', 0.3));
    await act(async () => fake.tell('connectionQualityChanged', { participantId: 'ben', quality: quality('poor') }));
    expect(hook.result).toMatchObject({ level: 'poor', lossShare: 0.3 });
    await hook.rerender('nobody');
    expect(hook.result).toBeUndefined();
  });

  test('useTrackStates begins with what the server said, and follows until somebody leaves', async () => {
    fake.participants.set('ben', participant('ben', { state: 'listening' }));
    const hook = await renderHook(useTrackStates, { props: fake.asClient });
    expect([...hook.result]).toEqual([['ben', 'listening']]);
    const track = 'microphone';
    await act(async () => fake.tell('trackStateChanged', { participantId: 'ben', track, state: 'speaking' }));
    expect([...hook.result]).toEqual([['ben', 'speaking']]);
    await act(async () => fake.tell('participantLeft', { participantId: 'ben', reason: 'left' }));
    expect(hook.result.size).toBe(0);
  });
});
