import { GRANTS } from '@parley/client-sdk/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import { codeOf, MEMBER, RoomRig, status } from './testing/RoomRig.js';

let rig: RoomRig;
async function open(settings?: SettingsInput): Promise<void> {
  await rig?.close();
  rig = await RoomRig.open(settings);
}
beforeEach(() => open());
afterEach(() => rig.close());

describe('settings of a room', () => {
  test('are those of the deployment and of its part of the file', async () => {
    await open({
      memberSettings: true,
      speech: { beamSize: 2, hotWords: ['Parley'], nameHotWords: true },
      rooms: {
        daily: { mode: 'fast', speech: { minSpeechMs: 300 }, hotWords: ['Contoso'] },
        other: { mode: 'accurate' },
      },
    });
    const { joined, peer } = rig.join('Ada');
    expect(joined.transcription.mode).toBe('fast');
    expect(rig.room.settingsFor(peer)).toMatchObject({
      mode: 'fast',
      room: { beamSize: 2, minSpeechMs: 300, endSilenceMs: 350, hotWords: ['Contoso', 'Parley', 'Ada'] },
      mayChangeRoom: true,
    });
    expect(rig.media.settings).toEqual(rig.room.settingsFor(peer).room);
  });

  test('change for everybody at once, and everybody is told the resolved ones', async () => {
    await open({ memberSettings: true });
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    const answer = rig.room.updateSettings(ada.peer, { scope: 'room', settings: { language: 'de' }, mode: 'accurate' });
    expect(answer).toMatchObject({ mode: 'accurate', settings: { language: 'de', beamSize: 5, interimIntervalMs: 0 } });
    expect(rig.media.settings).toEqual(answer.settings);
    for (const { client } of [ada, ben]) {
      const changedBy = ada.joined.participantId;
      expect(client.of('settingsChanged')).toEqual([
        { scope: 'room', changedBy, changed: ['mode', 'language'], ...answer },
      ]);
      expect(client.of('transcriptionChanged')).toEqual([{ transcription: { ...status, mode: 'accurate' } }]);
    }
    rig.room.updateSettings(ben.peer, { scope: 'room', settings: { language: null } });
    expect(rig.media.settings?.language).toBe('auto');
    expect(ada.client.of('transcriptionChanged')).toHaveLength(1);
  });

  test('H10 change before the eyes of everybody: who changed which of them, for values taken away, too', () => {
    const ada = rig.join('Ada', { grants: GRANTS });
    const ben = rig.join('Ben');
    const settings = { prompt: 'I resign.', hotWords: null };
    rig.room.updateSettings(ada.peer, { scope: 'room', settings });
    for (const { client } of [ada, ben]) {
      expect(client.of('settingsChanged')).toMatchObject([
        { scope: 'room', changedBy: ada.joined.participantId, changed: ['prompt', 'hotWords'] },
      ]);
    }
  });

  test('are refused as a whole where one is wrong, and nobody is told', () => {
    const { peer, client } = rig.join('Ada', { grants: GRANTS });
    const before = rig.media.settings;
    expect(() => rig.room.updateSettings(peer, { scope: 'room', settings: { beamSize: 9, language: 'de' } })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTINGS' }),
    );
    expect(() => rig.room.updateSettings(peer, { scope: 'room', settings: {}, mode: 'recording' })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTINGS' }),
    );
    expect(rig.media.settings).toEqual(before);
    expect(client.of('settingsChanged')).toEqual([]);
  });

  test("H10 are the moderators' to change, and not the members', whose own are theirs", () => {
    const { peer } = rig.join('Ada');
    const moderator = rig.join('Mia', { grants: GRANTS });
    expect(rig.room.settingsFor(moderator.peer).mayChangeRoom).toBe(true);
    const before = rig.room.settingsFor(peer);
    expect(rig.room.settingsFor(peer).mayChangeRoom).toBe(false);
    expect(() => rig.room.updateSettings(peer, { scope: 'room', settings: { language: 'de' } })).toThrow(
      expect.objectContaining({ code: 'SETTINGS_FORBIDDEN' }),
    );
    expect(rig.room.settingsFor(peer)).toEqual(before);
    expect(moderator.client.of('settingsChanged')).toEqual([]);
    rig.room.updateSettings(peer, { scope: 'participant', settings: { language: 'de' } });
    expect(rig.room.settingsFor(peer)).toMatchObject({ effective: { language: 'de' }, room: { language: 'auto' } });
  });

  test.each([
    ['wakePhrases', ['hey parley'], []],
    ['wakeGate', true, false],
    ['wakeSensitivity', 0.5, 0],
    ['wakeActivationDelayMs', 100, 3_600_000],
    ['wakeTimeoutMs', 1_000, 600_000],
    ['wakeFollowUpMs', 100, 600_000],
    ['silenceLevelDb', -70, -20],
  ])('H10 leave %s to each person: nobody changes it for the room, moderators neither', async (name, own, attack) => {
    const victim = rig.join('Ada');
    const moderator = rig.join('Mia', { grants: GRANTS });
    await rig.produce(victim.peer);
    rig.room.updateSettings(victim.peer, { scope: 'participant', settings: { [name]: own } });
    const before = rig.room.settingsFor(victim.peer);
    for (const value of [attack, null]) {
      const change = () =>
        rig.room.updateSettings(moderator.peer, { scope: 'room', settings: { [name]: value, beamSize: 3 } });
      expect(change).toThrow(
        expect.objectContaining({
          code: 'INVALID_SETTINGS',
          details: { settings: [{ setting: name, problem: expect.stringContaining('belongs to each person') }] },
        }),
      );
    }
    expect(rig.room.settingsFor(victim.peer)).toEqual(before);
    expect(rig.media.speakers.get('producer1')).toMatchObject({ [name]: own, beamSize: 1 });
    expect(victim.client.of('settingsChanged')).toHaveLength(1);
  });

  test("H10 may have gates and wake phrases from the operator's settings file", async () => {
    await open({ speech: { silenceLevelDb: -50 }, rooms: { daily: { speech: { wakePhrases: ['hey parley'] } } } });
    const { peer } = rig.join('Ada');
    expect(rig.room.settingsFor(peer).effective).toMatchObject({ silenceLevelDb: -50, wakePhrases: ['hey parley'] });
    rig.room.updateSettings(peer, { scope: 'participant', settings: { wakePhrases: [] } });
    expect(rig.room.settingsFor(peer).effective).toMatchObject({ silenceLevelDb: -50, wakePhrases: [] });
  });

  test('H10 keep the names of those who are here from the recogniser by default', () => {
    rig.join('Ada resigns and admits fraud');
    expect(rig.media.settings?.hotWords).toEqual([]);
  });

  test('know the names of those who are here where they are to be expected, and forget those who left', async () => {
    await open({ speech: { nameHotWords: true } });
    const ada = rig.join('Ada');
    rig.join('Ben');
    expect(rig.media.settings?.hotWords).toEqual(['Ben', 'Ada']);
    rig.room.leave(ada.peer, 'left');
    expect(rig.media.settings?.hotWords).toEqual(['Ben']);
  });
});

describe('settings of a participant', () => {
  test('hold for their tracks alone, those that are there and those to come, and are told to them alone', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    await rig.produce(ada.peer);
    await rig.produce(ben.peer);
    const answer = rig.room.updateSettings(ada.peer, {
      scope: 'participant',
      settings: { wakePhrases: ['hey parley'] },
    });
    expect(answer.settings.wakePhrases).toEqual(['hey parley']);
    expect(rig.media.speakers.get('producer1')).toEqual(answer.settings);
    expect(rig.media.speakers.get('producer2')).toBeUndefined();
    expect(ada.client.of('settingsChanged')).toEqual([
      { scope: 'participant', participantId: ada.joined.participantId, ...answer },
    ]);
    expect(ben.client.of('settingsChanged')).toEqual([]);
    rig.room.updateSettings(ada.peer, { scope: 'participant', settings: { wakePhrases: null } });
    expect(rig.media.speakers.get('producer1')).toBeUndefined();
  });

  test("are put over the room's anew when those change", async () => {
    const ada = rig.join('Ada', { settings: { language: 'de' } });
    const mia = rig.join('Mia', { grants: GRANTS });
    await rig.produce(ada.peer);
    expect(rig.media.speakers.get('producer1')).toMatchObject({ language: 'de', beamSize: 1 });
    rig.room.updateSettings(mia.peer, { scope: 'room', settings: { beamSize: 3, language: 'fr' } });
    expect(rig.media.speakers.get('producer1')).toMatchObject({ language: 'de', beamSize: 3 });
  });

  test('can be brought along to the join, and a join with wrong ones is none', () => {
    expect(() => rig.join('Eve', { settings: { beamSize: 99 } })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTINGS' }),
    );
    expect(rig.room.peerCount).toBe(0);
    const { peer } = rig.join('Ada', { settings: { language: 'de' } });
    expect(rig.room.settingsFor(peer).participant).toEqual({ language: 'de' });
  });

  test('survive a lost connection, not a leave', () => {
    const first = rig.join('Ada', { settings: { language: 'de' } });
    rig.room.leave(first.peer, 'connectionLost');
    const second = rig.join('Ada');
    expect(rig.room.settingsFor(second.peer).participant).toEqual({ language: 'de' });
    rig.room.leave(second.peer, 'left');
    expect(rig.room.settingsFor(rig.join('Ada').peer).participant).toEqual({});
  });

  test('take no mode', () => {
    const { peer } = rig.join('Ada');
    expect(() => rig.room.updateSettings(peer, { scope: 'participant', settings: {}, mode: 'fast' })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
  });
});

describe('what is told', () => {
  test('to those who join: which run of the server this is, the same in every meeting, and what it can do', async () => {
    const first = rig.join('Ada').joined;
    await open();
    const second = rig.join('Ada').joined;
    expect(first.serverId).toMatch(/^[\w-]{16}$/);
    expect([second.serverId, second.meetingId === first.meetingId]).toEqual([first.serverId, false]);
    expect(first.features).toEqual({ recording: false });
  });

  test('diagnostics go to those who asked, and are made only while somebody does', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    const { producerId } = await rig.produce(ada.peer);
    const speak = () =>
      rig.media.onEvent({
        meetingId: '',
        trackId: producerId,
        type: 'trackActivity',
        activity: { type: 'audioRecorded', segmentId: 's', startMs: 0, endMs: 32, levelDb: -20 },
      });
    rig.room.setDiagnostics(ben.peer, true);
    rig.room.setDiagnostics(ben.peer, true);
    expect(rig.media.diagnostics).toEqual([true]);
    speak();
    expect(ada.client.of('trackActivity')).toEqual([]);
    expect(ben.client.of('trackActivity')).toHaveLength(1);
    rig.room.leave(ben.peer, 'left');
    expect(rig.media.diagnostics).toEqual([true, false]);
  });

  test('H8 how a name is known goes with the participant and with every line', async () => {
    const ada = rig.join('Ada', { nameSource: 'signedIn', accountName: 'ada.l' });
    const guest = rig.join('Ada L.');
    expect(guest.joined.participants).toMatchObject([
      { displayName: 'Ada', nameSource: 'signedIn', accountName: 'ada.l' },
      { displayName: 'Ada L.', nameSource: 'guest' },
    ]);
    expect(guest.joined.participants[1]).not.toHaveProperty('accountName');
    const { producerId: trackId } = await rig.produce(ada.peer);
    const segment = { id: 's', startMs: 0, endMs: 400, revision: 1 };
    rig.media.onEvent({ meetingId: '', trackId, type: 'gap', segment, reason: 'overloaded', language: 'en' });
    await expect
      .poll(() => guest.client.of('segmentCommitted'))
      .toMatchObject([{ segment: { nameSource: 'signedIn' } }]);
  });

  test('the state of a track is part of its participant, for those who come later', async () => {
    const ada = rig.join('Ada');
    const { producerId } = await rig.produce(ada.peer);
    rig.media.onEvent({ meetingId: '', trackId: producerId, type: 'trackStateChanged', state: 'wakeword' });
    expect(ada.client.of('trackStateChanged')).toHaveLength(1);
    const { joined } = rig.join('Ben');
    expect(joined.participants.map(({ displayName, state }) => [displayName, state])).toEqual([
      ['Ada', 'wakeword'],
      ['Ben', undefined],
    ]);
  });
});

describe('who may come in', () => {
  const MODERATOR = { grants: [...MEMBER, 'moderate'] as const };

  test('to a locked room: nobody else, but those who lost their connection, and moderators', () => {
    const ada = rig.join('Ada');
    rig.room.door.setLocked(true);
    expect(ada.client.of('roomLockChanged')).toEqual([{ locked: true }]);
    expect(codeOf(() => rig.join('Ben'))).toBe('ROOM_LOCKED');
    rig.room.leave(ada.peer, 'connectionLost');
    const again = rig.join('Ada');
    expect(again.joined.locked).toBe(true);
    rig.room.leave(again.peer, 'left');
    expect(codeOf(() => rig.join('Ada'))).toBe('ROOM_LOCKED');
    expect(codeOf(() => rig.join('Mia', MODERATOR))).toBeUndefined();
    rig.room.door.setLocked(false);
    expect(codeOf(() => rig.join('Ben'))).toBeUndefined();
  });

  test('to a locked room not by trying before with settings that are none', () => {
    expect(codeOf(() => rig.join('Eve', { settings: { modelSize: 1 } as never }))).toBe('INVALID_SETTINGS');
    rig.room.door.setLocked(true);
    expect(codeOf(() => rig.join('Eve'))).toBe('ROOM_LOCKED');
  });

  test('not whom a moderator removed, for the rest of the meeting', () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    rig.room.remove(ben.joined.participantId);
    expect(ben.client.of('dismissed')).toEqual(['REMOVED']);
    expect(ada.client.of('participantLeft')).toEqual([{ participantId: ben.joined.participantId, reason: 'removed' }]);
    expect(codeOf(() => rig.join('Ben'))).toBe('REMOVED');
    expect(codeOf(() => rig.room.remove('p_nobody'))).toBe('PARTICIPANT_NOT_FOUND');
  });

  test('as one who is held until they leave, are replaced, or are taken out', () => {
    const ada = rig.join('Ada');
    expect(rig.room.holds(ada.peer)).toBe(true);
    const again = rig.join('Ada');
    expect([rig.room.holds(ada.peer), rig.room.holds(again.peer)]).toEqual([false, true]);
    rig.room.remove(again.joined.participantId);
    expect(rig.room.holds(again.peer)).toBe(false);
  });

  test('as somebody else where another issuer vouches for the same subject', () => {
    const here = rig.join('Ada', { issuer: 'https://a.example' });
    const there = rig.join('Ada', { issuer: 'https://b.example' });
    expect(here.joined.participantId).not.toBe(there.joined.participantId);
    expect(here.client.of('dismissed')).toEqual([]);
  });
});

describe('what somebody may not', () => {
  test('say: how the others are heard, if they only listen, where members may as well', async () => {
    await open({ memberSettings: true });
    const listener = rig.join('Lis', { grants: ['join', 'listen', 'readTranscript'] });
    expect(rig.room.settingsFor(listener.peer).mayChangeRoom).toBe(false);
    const change = () => rig.room.updateSettings(listener.peer, { scope: 'room', settings: { language: 'de' } });
    expect(codeOf(change)).toBe('SETTINGS_FORBIDDEN');
    const own = { scope: 'participant', settings: { language: 'de' } } as const;
    expect(codeOf(() => rig.room.updateSettings(listener.peer, own))).toBeUndefined();
    const mia = rig.join('Mia', { grants: ['join', 'moderate'] });
    expect(rig.room.settingsFor(mia.peer).mayChangeRoom).toBe(true);
  });

  test('read is not told to them', async () => {
    const ada = rig.join('Ada');
    const deaf = rig.join('Ben', { grants: ['join', 'listen'] });
    const { producerId } = await rig.produce(ada.peer);
    rig.media.onEvent({
      meetingId: '',
      trackId: producerId,
      type: 'trackActivity',
      activity: { type: 'utteranceStarted', segmentId: 's', atMs: 0 },
    });
    expect(ada.client.of('trackActivity')).toHaveLength(1);
    expect(deaf.client.of('trackActivity')).toEqual([]);
    expect(deaf.client.of('participantUpdated')).toHaveLength(1);
  });

  test('read learn how their own microphone is set, and nobody else does', async () => {
    const ada = rig.join('Ada');
    const deaf = rig.join('Ben', { grants: ['join', 'speak'] });
    const { producerId } = await rig.produce(deaf.peer);
    rig.media.onEvent({
      meetingId: '',
      trackId: producerId,
      type: 'trackActivity',
      activity: { type: 'microphoneChecked', level: 'quiet', speechLevelDb: -60, clippedShare: 0, atMs: 0 },
    });
    expect(deaf.client.of('trackActivity')).toHaveLength(1);
    expect(ada.client.of('trackActivity')).toEqual([]);
  });
});

describe('a moderator', () => {
  test('mutes what somebody sends and does not touch what is muted already', async () => {
    const ada = rig.join('Ada');
    const { producerId } = await rig.produce(ada.peer);
    const { participantId } = ada.joined;
    await rig.room.mute(participantId);
    await rig.room.mute(participantId);
    expect(rig.media.paused).toEqual([[producerId, true]]);
    expect(ada.client.of('mutedByModerator')).toEqual([{ producerIds: [producerId] }, { producerIds: [] }]);
  });

  test('may change the settings of a room whose members may not', () => {
    const { peer, joined } = rig.join('Mia', { grants: GRANTS });
    expect(joined.grants).toEqual([...GRANTS]);
    expect(rig.room.settingsFor(peer).mayChangeRoom).toBe(true);
    expect(rig.room.updateSettings(peer, { scope: 'room', settings: {}, mode: 'fast' }).mode).toBe('fast');
  });

  test('ends the meeting for everybody', async () => {
    const ada = rig.join('Ada');
    await rig.room.end();
    expect(ada.client.of('dismissed')).toEqual(['MEETING_ENDED']);
  });
});

describe('the meeting of a room', () => {
  const say = (producerId: string, id: string) =>
    rig.media.onEvent({
      meetingId: '',
      trackId: producerId,
      type: 'gap',
      segment: { id, startMs: 0, endMs: 1_000, revision: 1 },
      reason: 'overloaded',
      language: 'en',
    });

  test('can be read when the room is closed', async () => {
    const ada = rig.join('Ada');
    say((await rig.produce(ada.peer)).producerId, 's1');
    await rig.close();
    const { meeting } = rig.room;
    const page = await meeting.transcript.page({ afterSeq: 0, limit: 10, maxBytes: 1_000 });
    expect(page).toMatchObject({ segments: [{ id: 's1', seq: 1, displayName: 'Ada' }], lastSeq: 1 });
    expect(meeting.participants).toMatchObject([{ participantId: ada.joined.participantId, displayName: 'Ada' }]);
  });

  test('goes on in another room: same people, clock and seq, and no id of a segment twice', async () => {
    const before = rig.join('Ada');
    say((await rig.produce(before.peer)).producerId, 's1');
    const { meeting } = rig.room;
    await rig.close();
    rig = await RoomRig.open({}, { meeting });
    const after = rig.join('Ada');
    expect(after.joined).toMatchObject({
      meetingId: before.joined.meetingId,
      meetingStartedAtMs: before.joined.meetingStartedAtMs,
      participantId: before.joined.participantId,
      lastSeq: 1,
    });
    say((await rig.produce(after.peer)).producerId, 's2');
    await meeting.transcript.settled();
    expect((await rig.room.readers.page(after.peer, 0)).segments.map(({ id, seq }) => [id, seq])).toEqual([
      ['s1', 1],
      ['s2', 2],
    ]);
    expect(meeting.nextEpoch()).toBe(3);
  });
});
