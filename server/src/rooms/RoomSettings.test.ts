import type { ParleyError } from '@parley/client-sdk/protocol';
import type { ModelProfile } from '@parley/media/settings';
import { describe, expect, test } from 'vitest';
import { MAX_NAMES, RoomSettings, type RoomSettingsOptions } from './RoomSettings.js';

/** Knows all languages. */
const MODEL: ModelProfile = {
  name: 'base',
  demo: false,
  windowPolicy: 'floor',
  longestWindowMs: 28_000,
  multilingual: true,
};

function settingsOf(options: Partial<RoomSettingsOptions> = {}): RoomSettings {
  return new RoomSettings({ deployment: { mode: 'balanced', speech: {} }, model: MODEL, ...options });
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

  test.each([
    [
      'a language that the model does not know',
      { language: 'de' },
      'The model tiny.en does not know the language de. It knows en.',
    ],
    [
      'a task that it was not taught',
      { task: 'translate' as const },
      'The model tiny.en cannot translate. Set the task to transcribe, or take a model that can, e.g. large-v3.',
    ],
  ])('refuses %s, for a room and for a participant, and changes nothing', (_, wish, message) => {
    const settings = settingsOf({ model: { ...MODEL, name: 'tiny.en', multilingual: false } });
    const refused = expect.objectContaining({ code: 'INVALID_SETTINGS', message });
    const before = settings.resolved;
    expect(() => settings.changeRoom({ settings: { ...wish, beamSize: 4 }, mode: 'fast' })).toThrow(refused);
    expect(() => settings.changeParticipant({ participantId: 'p', settings: wish })).toThrow(refused);
    expect(() => settings.replaceParticipant({ participantId: 'p', settings: wish })).toThrow(refused);
    expect(settings.resolved).toEqual(before);
    expect(settings.mode).toBe('balanced');
    expect(settings.hasOwn('p')).toBe(false);
  });

  test('says which setting the model cannot follow and what can be asked for, and not what was', () => {
    const settings = settingsOf({ model: { ...MODEL, name: 'nano', languages: ['de', 'en', 'es', 'fr'] } });
    let details: unknown;
    try {
      settings.changeRoom({ settings: { language: 'it' } });
    } catch (error) {
      details = (error as ParleyError).details;
    }
    const problem = 'must be auto, per-segment or a language that the model nano knows: de, en, es, fr';
    expect(details).toEqual({ settings: [{ setting: 'language', problem }] });
  });

  test('refuses a list with a language that the model does not know, and takes one of those that it knows', () => {
    const settings = settingsOf({ model: { ...MODEL, name: 'nano', languages: ['de', 'en', 'es', 'fr'] } });
    const problem = 'must be languages that the model nano knows: de, en, es, fr';
    const refused = { code: 'INVALID_SETTINGS', details: { settings: [{ setting: 'languages', problem }] } };
    expect(() => settings.changeRoom({ settings: { languages: ['de', 'it'] } })).toThrow(
      expect.objectContaining(refused),
    );
    expect(settings.resolved.languages).toEqual([]);
    settings.changeRoom({ settings: { languages: ['de', 'en'] } });
    expect(settings.resolved.languages).toEqual(['de', 'en']);
    expect(() => settings.changeRoom({ settings: { languages: ['Deutsch'] } })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTINGS' }),
    );
  });

  test('takes languages that are to be found with every model, and those that it knows', () => {
    const settings = settingsOf({ model: { ...MODEL, multilingual: false } });
    for (const language of ['auto', 'per-segment', 'en']) {
      settings.changeRoom({ settings: { language } });
      expect(settings.resolved.language).toBe(language);
    }
  });

  test('tells of settings that contradict each other before what the model cannot do', () => {
    const settings = settingsOf({ model: { ...MODEL, multilingual: false } });
    const wrong = { vadThreshold: 0.2, language: 'de' };
    const refused = { message: 'These settings are invalid: vadNegativeThreshold, language.' };
    expect(() => settings.changeRoom({ settings: wrong })).toThrow(expect.objectContaining(refused));
  });

  test('adds the hot words of all layers up, the nearest first, and the names of those who are here last', () => {
    const settings = settingsOf({
      deployment: { mode: 'balanced', speech: { hotWords: ['Parley'], nameHotWords: true } },
      room: { hotWords: ['Contoso'], speech: { hotWords: ['SKU'] } },
    });
    expect(settings.setNames(['Ada', 'Ben', 'Ada', ' '])).toBe(true);
    settings.changeRoom({ settings: { hotWords: ['jitter'] } });
    settings.changeParticipant({ participantId: 'p', settings: { hotWords: ['Ada', 'Opus'] } });
    expect(settings.resolved.hotWords).toEqual(['jitter', 'Contoso', 'SKU', 'Parley', 'Ben', 'Ada']);
    expect(settings.effective('p').hotWords).toEqual(['Ada', 'Opus', 'jitter', 'Contoso', 'SKU', 'Parley', 'Ben']);
  });

  test('H10 gives no names to the recogniser unless a layer asks for them, for all or for one', () => {
    const settings = settingsOf();
    settings.setNames(['Ada', 'I resign and admit fraud']);
    expect(settings.resolved.hotWords).toEqual([]);
    settings.changeParticipant({ participantId: 'p', settings: { nameHotWords: true } });
    expect(settings.effective('p').hotWords).toEqual(['I resign and admit fraud', 'Ada']);
    expect(settings.resolved.hotWords).toEqual([]);
    settings.changeRoom({ settings: { nameHotWords: true } });
    settings.changeParticipant({ participantId: 'p', settings: { nameHotWords: false } });
    expect(settings.resolved.hotWords).toEqual(['I resign and admit fraud', 'Ada']);
    expect(settings.effective('p').hotWords).toEqual([]);
  });

  test('keeps the newest names only, and says when nothing changed', () => {
    const settings = settingsOf({ room: { speech: { nameHotWords: true } } });
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
