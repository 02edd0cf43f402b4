import { ParleyError, type Participant } from '@parley/client-sdk/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import { OnRecord } from './OnRecord.js';
import { type Client, codeOf, MEMBER, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;

const open = async (settings: SettingsInput = {}) => {
  rig = await RoomRig.open(settings);
};

beforeEach(() => open());
afterEach(() => rig.close());

/** How a participant was shown last. */
function shownTo(client: Client, participantId: string): Participant | undefined {
  return client
    .of('participantUpdated')
    .map((told) => (told as { participant: Participant }).participant)
    .findLast((participant) => participant.participantId === participantId);
}

const host = { grants: [...MEMBER, 'moderate'] as const };

describe('off the record', () => {
  test('H11 nothing of a participant is kept from the answer on, and everybody sees it', async () => {
    const ben = rig.join('Ben');
    const { peer, joined } = rig.join('Ada');
    const { producerId } = await rig.produce(peer);
    await rig.room.setOffTheRecord(peer, true);
    expect(rig.media.notTranscribed.get(producerId)).toBe('offTheRecord');
    expect(shownTo(ben.client, joined.participantId)).toMatchObject({ muted: false, notTranscribed: ['offTheRecord'] });
    await rig.room.setOffTheRecord(peer, false);
    expect(rig.media.notTranscribed.get(producerId)).toBeUndefined();
    expect(shownTo(ben.client, joined.participantId)).not.toHaveProperty('notTranscribed');
  });

  test('H11 is answered only when the media worker has done it', async () => {
    const { peer } = rig.join('Ada');
    await rig.produce(peer);
    const order: string[] = [];
    rig.media.holdRecord = () =>
      new Promise((resolve) =>
        setImmediate(() => {
          order.push('done');
          resolve();
        }),
      );
    await rig.room.setOffTheRecord(peer, true).then(() => order.push('answered'));
    expect(order).toEqual(['done', 'answered']);
  });

  test.each(['connectionLost', 'left'] as const)('H11 holds for who comes back after they %s', async (reason) => {
    rig.join('Ben');
    const ada = rig.join('Ada');
    await rig.room.setOffTheRecord(ada.peer, true);
    rig.room.leave(ada.peer, reason);
    const again = rig.join('Ada');
    expect(again.joined.participants).toContainEqual(
      expect.objectContaining({ displayName: 'Ada', notTranscribed: ['offTheRecord'] }),
    );
    const { producerId } = await rig.produce(again.peer);
    expect(rig.media.notTranscribed.get(producerId)).toBe('offTheRecord');
  });

  test('H11 can be chosen with the join, before any audio is sent', async () => {
    const { peer } = rig.join('Ada', { offTheRecord: true });
    const { producerId } = await rig.produce(peer);
    expect(rig.media.notTranscribed.get(producerId)).toBe('offTheRecord');
  });

  test('H11 holds for a track that was being made meanwhile', async () => {
    const { peer } = rig.join('Ada');
    const making = rig.produce(peer);
    await rig.room.setOffTheRecord(peer, true);
    const { producerId } = await making;
    expect(rig.media.notTranscribed.get(producerId)).toBe('offTheRecord');
  });

  test('H11 of the room holds for everybody and for newcomers, and does not end what each of them chose', async () => {
    const mia = rig.join('Mia', host);
    const ada = rig.join('Ada');
    const sent = await rig.produce(ada.peer);
    await rig.room.setOffTheRecord(ada.peer, true);
    await rig.room.setRoomOffTheRecord(mia.peer, true);
    expect(ada.client.of('roomOffTheRecordChanged')).toEqual([{ on: true, changedBy: mia.joined.participantId }]);
    const ben = rig.join('Ben');
    expect(ben.joined.roomOffTheRecord).toBe(true);
    const later = await rig.produce(ben.peer);
    expect(rig.media.notTranscribed.get(later.producerId)).toBe('offTheRecord');

    await rig.room.setRoomOffTheRecord(mia.peer, false);
    expect(rig.media.notTranscribed.get(later.producerId)).toBeUndefined();
    expect(rig.media.notTranscribed.get(sent.producerId)).toBe('offTheRecord');
    expect(shownTo(mia.client, ada.joined.participantId)).toMatchObject({ notTranscribed: ['offTheRecord'] });
  });
});

describe('consent', () => {
  beforeEach(() => open({ consent: { required: true, version: '2026-11' } }));

  test('H11 nothing of a participant is kept before it is given: they are heard, and everybody sees it', async () => {
    const { peer, joined } = rig.join('Ada');
    expect(joined.consent).toEqual({ version: '2026-11' });
    const { producerId } = await rig.produce(peer);
    expect(rig.media.notTranscribed.get(producerId)).toBe('noConsent');
    expect(rig.media.paused).toEqual([]);
    const given = rig.room.giveConsent(peer, '2026-11');
    await given.done;
    expect(given.isNew).toBe(true);
    expect(rig.media.notTranscribed.get(producerId)).toBeUndefined();
  });

  test('H11 to another version of the wording is refused', async () => {
    const { peer } = rig.join('Ada');
    const { producerId } = await rig.produce(peer);
    expect(codeOf(() => rig.room.giveConsent(peer, '2025-01'))).toBe('CONSENT_OUTDATED');
    expect(rig.media.notTranscribed.get(producerId)).toBe('noConsent');
  });

  test('H11 comes with the join, and an outdated one only means that one is asked again', async () => {
    const ada = rig.join('Ada', { consentVersion: '2026-11' });
    expect(ada.consented).toBe(true);
    const sent = await rig.produce(ada.peer);
    expect(rig.media.notTranscribed.get(sent.producerId)).toBeUndefined();
    const ben = rig.join('Ben', { consentVersion: '2025-01' });
    expect(ben.consented).toBe(false);
    const other = await rig.produce(ben.peer);
    expect(rig.media.notTranscribed.get(other.producerId)).toBe('noConsent');
  });

  test('H11 is recorded once, survives a reconnect, and can be withdrawn', async () => {
    rig.join('Ben');
    const ada = rig.join('Ada', { consentVersion: '2026-11' });
    rig.room.leave(ada.peer, 'connectionLost');
    const again = rig.join('Ada', { consentVersion: '2026-11' });
    expect(again.consented).toBe(false);
    const { producerId } = await rig.produce(again.peer);
    expect(rig.media.notTranscribed.get(producerId)).toBeUndefined();
    await rig.room.withdrawConsent(again.peer).done;
    expect(rig.media.notTranscribed.get(producerId)).toBe('noConsent');
  });

  test('H11 is required in one room by the settings file, with the wording of the operator', async () => {
    const consent = { text: 'We write down what you say.' };
    await open({ consent, rooms: { daily: { consentRequired: true } } });
    expect(rig.join('Ada').joined.consent).toEqual({ version: '1', text: 'We write down what you say.' });
    await open({ consent: { required: true }, rooms: { daily: { consentRequired: false } } });
    expect(rig.join('Ada').joined).not.toHaveProperty('consent');
  });

  test('H11 is required by a room token from when its holder joins', async () => {
    await open();
    const ada = rig.join('Ada');
    const sent = await rig.produce(ada.peer);
    const ben = rig.join('Ben', { room: { name: 'daily', grants: MEMBER, requireConsent: true } });
    expect(ben.joined.consent).toEqual({ version: '1' });
    expect(rig.media.notTranscribed.get(sent.producerId)).toBe('noConsent');
    await expect.poll(() => ada.client.of('roomConsentChanged')).toEqual([{ consent: { version: '1' } }]);
    expect(ben.client.of('roomConsentChanged')).toEqual([{ consent: { version: '1' } }]);
  });

  test('H11 is required by a moderator from then on: who has not given it is asked, and not transcribed', async () => {
    await open();
    const ada = rig.join('Ada');
    const ben = rig.join('Ben', { consentVersion: '1' });
    const [sent, other] = [await rig.produce(ada.peer), await rig.produce(ben.peer)];
    expect(rig.media.notTranscribed.get(sent.producerId)).toBeUndefined();
    await rig.room.requireConsent();
    expect(ada.client.of('roomConsentChanged')).toEqual([{ consent: { version: '1' } }]);
    expect(rig.media.notTranscribed.get(sent.producerId)).toBe('noConsent');
    expect(rig.media.notTranscribed.get(other.producerId)).toBeUndefined();
    await rig.room.requireConsent();
    expect(ada.client.of('roomConsentChanged')).toHaveLength(1);
  });
});

test('H11 choices of those who are there are never forgotten, however many come and go', () => {
  const onRecord = new OnRecord({
    consent: { wording: { version: '1' }, required: false },
    isPresent: (participantId) => participantId === 'ada',
  });
  onRecord.setOff({ participantId: 'ada', on: true });
  for (let count = 0; count < 10_001; count++) onRecord.setOff({ participantId: `p${count}`, on: true });
  expect(onRecord.gapReasonOf('ada')).toBe('offTheRecord');
  expect(onRecord.gapReasonOf('p0')).toBeUndefined();
  expect(() => onRecord.consent({ participantId: 'ada', version: '2' })).toThrow(ParleyError);
});
