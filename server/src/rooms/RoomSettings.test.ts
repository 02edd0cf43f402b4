import { describe, expect, test } from 'vitest';
import { MAX_NAMES, RoomSettings, type RoomSettingsOptions } from './RoomSettings.js';

function settingsOf(options: Partial<RoomSettingsOptions> = {}): RoomSettings {
  return new RoomSettings({ deployment: { mode: 'balanced', speech: {} }, ...options });
}

describe('RoomSettings', () => {
  test('resolves mode, deployment, file, room and participant, the later over the earlier', () => {
    const settings = settingsOf({
      deployment: { mode: 'fast', speech: { endSilenceMs: 600, beamSize: 2, minSpeechMs: 300 } },
      room: { speech: { beamSize: 3, minSpeechMs: 310 } },
    });
    settings.changeRoom({ settings: { minSpeechMs: 320, language: 'de' } });
    settings.changeParticipant({ participantId: 'p', settings: { language: 'en' } });
    expect(settings.resolved).toMatchObject({ endSilenceMs: 600, beamSize: 3, minSpeechMs: 320, language: 'de' });
    // The mode's own, which nobody changed.
    expect(settings.resolved.interimIntervalMs).toBe(250);
    expect(settings.effective('p')).toEqual({ ...settings.resolved, language: 'en' });
    expect(settings.effective('somebody else')).toEqual(settings.resolved);
  });

  test("takes the room's mode over the deployment's, and a chosen one over both", () => {
    const settings = settingsOf({ room: { mode: 'accurate' } });
    expect(settings.mode).toBe('accurate');
    expect(settings.resolved.beamSize).toBe(5);
    settings.changeRoom({ settings: {}, mode: 'fast' });
    expect(settings.mode).toBe('fast');
    expect(settings.resolved).toMatchObject({ beamSize: 1, endSilenceMs: 350 });
  });

  test('takes a value away with null, and shows the one below', () => {
    const settings = settingsOf({ room: { speech: { beamSize: 3 } } });
    settings.changeRoom({ settings: { beamSize: 4 } });
    settings.changeParticipant({ participantId: 'p', settings: { beamSize: 5 } });
    settings.changeParticipant({ participantId: 'p', settings: { beamSize: null } });
    expect(settings.effective('p').beamSize).toBe(4);
    expect(settings.hasOwn('p')).toBe(false);
    settings.changeRoom({ settings: { beamSize: null } });
    expect(settings.effective('p').beamSize).toBe(3);
    expect(settings.roomOverrides).toEqual({});
  });

  test('takes a change as a whole or not at all', () => {
    const settings = settingsOf();
    expect(() => settings.changeRoom({ settings: { beamSize: 4, endSilenceMs: 1 }, mode: 'fast' })).toThrow();
    expect(() => settings.changeRoom({ settings: { beamSize: 4 }, mode: 'recording' })).toThrow();
    expect(settings.mode).toBe('balanced');
    expect(settings.roomOverrides).toEqual({});
  });

  test('refuses values that contradict those of another layer', () => {
    const settings = settingsOf({ deployment: { mode: 'balanced', speech: { vadNegativeThreshold: 0.4 } } });
    const refused = expect.objectContaining({ code: 'INVALID_SETTINGS' });
    expect(() => settings.changeRoom({ settings: { vadThreshold: 0.3 } })).toThrow(refused);
    expect(() => settings.changeParticipant({ participantId: 'p', settings: { vadThreshold: 0.3 } })).toThrow(refused);
    expect(settings.hasOwn('p')).toBe(false);
    settings.changeRoom({ settings: { vadThreshold: 0.3, vadNegativeThreshold: 0.2 } });
    expect(settings.resolved.vadThreshold).toBe(0.3);
  });

  test('adds the hot words of all layers up, the nearest first, and the names of those who are here last', () => {
    const settings = settingsOf({
      deployment: { mode: 'balanced', speech: { hotWords: ['Parley'] } },
      room: { hotWords: ['Contoso'], speech: { hotWords: ['SKU'] } },
    });
    expect(settings.setNames(['Ada', 'Ben', 'Ada', ' '])).toBe(true);
    settings.changeRoom({ settings: { hotWords: ['jitter'] } });
    settings.changeParticipant({ participantId: 'p', settings: { hotWords: ['Ada', 'Opus'] } });
    expect(settings.resolved.hotWords).toEqual(['jitter', 'Contoso', 'SKU', 'Parley', 'Ben', 'Ada']);
    expect(settings.effective('p').hotWords).toEqual(['Ada', 'Opus', 'jitter', 'Contoso', 'SKU', 'Parley', 'Ben']);
  });

  test('keeps the newest names only, and says when nothing changed', () => {
    const settings = settingsOf();
    const names = Array.from({ length: MAX_NAMES + 20 }, (_, index) => `Name ${index}`);
    expect(settings.setNames(names)).toBe(true);
    expect(settings.setNames(names)).toBe(false);
    expect(settings.resolved.hotWords).toHaveLength(MAX_NAMES);
    expect(settings.resolved.hotWords[0]).toBe(names.at(-1));
    expect(settings.setNames([])).toBe(true);
    expect(settings.resolved.hotWords).toEqual([]);
  });

  test('replaces and forgets what a participant set', () => {
    const settings = settingsOf();
    settings.changeParticipant({ participantId: 'p', settings: { beamSize: 3, language: 'de' } });
    settings.replaceParticipant({ participantId: 'p', settings: { language: 'fr' } });
    expect(settings.own('p')).toEqual({ language: 'fr' });
    settings.forgetParticipant('p');
    expect(settings.own('p')).toEqual({});
  });

  test('remembers a bounded number of participants, those that changed last', () => {
    const settings = settingsOf();
    for (let index = 0; index < 2_001; index++) {
      settings.changeParticipant({ participantId: `p${index}`, settings: { language: 'de' } });
      if (index === 1_000) settings.changeParticipant({ participantId: 'p0', settings: { language: 'fr' } });
    }
    expect(settings.hasOwn('p0')).toBe(true);
    expect(settings.hasOwn('p1')).toBe(false);
    expect(settings.hasOwn('p2')).toBe(true);
  });
});
