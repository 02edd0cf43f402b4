import { readFileSync } from 'node:fs';
import type { ParleyError, SettingProblem } from '@parley/client-sdk/protocol';
import { speechSettingsSchema } from '@parley/media/settings';
import { describe, expect, test } from 'vitest';
import { checkedMode, checkedPatch, describeSpeechSettings, OFFERED_MODES } from './speechSettings.js';

function problemsOf(action: () => unknown): SettingProblem[] {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_SETTINGS', retryable: false });
    return (error as ParleyError).details?.settings ?? [];
  }
  throw new Error('the settings were taken');
}

describe('the speech settings of the wire', () => {
  test('are those of the schema, key by key', () => {
    const source = readFileSync(new URL('../../../client-sdk/src/protocol/settings.ts', import.meta.url), 'utf8');
    const body = /export interface SpeechSettings \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '';
    const keys = [...body.matchAll(/^ {2}(\w+): /gm)].map(([, key]) => key);
    expect(keys).toEqual(Object.keys(speechSettingsSchema.shape));
  });

  test('are described one and all, with meaning, class, type, default and range', () => {
    const descriptions = describeSpeechSettings();
    expect(Object.keys(descriptions)).toEqual(Object.keys(speechSettingsSchema.shape));
    const defaults = speechSettingsSchema.parse({});
    for (const [name, described] of Object.entries(descriptions)) {
      expect(described.description, name).not.toBe('');
      // What a room or a participant may change, they may change in the middle of a meeting.
      expect(described.class, name).toBe('live');
      expect(described.default, name).toEqual(defaults[name as keyof typeof defaults]);
      if (described.type === 'number' || described.type === 'integer') {
        expect(described.min, name).toEqual(expect.any(Number));
        expect(described.max, name).toEqual(expect.any(Number));
      }
    }
    expect(descriptions.beamSize).toMatchObject({ type: 'integer', min: 1, max: 8, class: 'live', default: 1 });
    expect(descriptions.endSilenceMs).toMatchObject({ unit: 'ms', min: 100, max: 5_000 });
    expect(descriptions.endpointing).toMatchObject({ type: 'string', choices: ['fixed', 'adaptive'] });
    expect(descriptions.hotWords).toMatchObject({ type: 'list', maxItems: 200, maxLength: 64 });
    expect(descriptions.vadThreshold).toMatchObject({ type: 'number', min: 0.05, max: 0.95 });
  });

  test('H10 say which of them belong to each person: what decides whether somebody is transcribed', () => {
    const personal = Object.entries(describeSpeechSettings()).filter(([, described]) => described.personal === true);
    expect(personal.map(([name]) => name).toSorted()).toEqual([
      'silenceLevelDb',
      'wakeActivationDelayMs',
      'wakeFollowUpMs',
      'wakeGate',
      'wakePhrases',
      'wakeSensitivity',
      'wakeTimeoutMs',
    ]);
  });
});

describe('checkedPatch', () => {
  test('H10 refuses for a room, each with a reason, what belongs to each person, with null too', () => {
    const change = { wakeGate: false, wakePhrases: [7], silenceLevelDb: null, beamSize: 99 };
    const problems = problemsOf(() => checkedPatch(change as never, 'room'));
    const problem = 'belongs to each person: in a meeting, people can only change it for themselves';
    expect(problems).toEqual([
      ...['wakeGate', 'wakePhrases', 'silenceLevelDb'].map((setting) => ({ setting, problem })),
      { setting: 'beamSize', problem: expect.not.stringContaining('person') },
    ]);
    expect(checkedPatch({ wakeGate: false, silenceLevelDb: null }, 'participant')).toEqual({ wakeGate: false });
  });

  test('takes what is in range, and null for what is to be taken away', () => {
    expect(checkedPatch({ beamSize: 5, language: 'de', endSilenceMs: null }, 'room')).toEqual({
      beamSize: 5,
      language: 'de',
      endSilenceMs: undefined,
    });
  });

  test('refuses all that is wrong at once, each by its name, and repeats no value', () => {
    const secret = 'a-value-that-nobody-repeats';
    const change = { beamSize: 99, task: secret, language: secret, wakePhrases: ['ok', 7], nonsense: secret };
    const problems = problemsOf(() => checkedPatch(change as never, 'participant'));
    expect(problems.map(({ setting }) => setting).toSorted()).toEqual(
      ['beamSize', 'language', 'nonsense', 'task', 'wakePhrases'].toSorted(),
    );
    expect(problems.find(({ setting }) => setting === 'nonsense')?.problem).toBe('is not a setting');
    expect(problems.find(({ setting }) => setting === 'wakePhrases')?.problem).toMatch(/^entry 2: /);
    expect(JSON.stringify(problems)).not.toContain(secret);
    expect(JSON.stringify(problems)).not.toContain('99');
  });

  test('refuses a name that does not exist, with null too, and those that every object has', () => {
    for (const setting of ['nonsense', 'constructor', 'toString']) {
      const refused = [{ setting, problem: 'is not a setting' }];
      expect(problemsOf(() => checkedPatch({ [setting]: null } as never, 'room'))).toEqual(refused);
      expect(problemsOf(() => checkedPatch({ [setting]: 1 } as never, 'participant'))).toEqual(refused);
    }
  });
});

describe('checkedMode', () => {
  test('takes the modes that are offered', () => {
    expect(OFFERED_MODES.map(({ name }) => checkedMode(name))).toEqual(['accurate', 'balanced', 'fast']);
  });

  test('refuses recording with a sentence, and others with what there is', () => {
    expect(problemsOf(() => checkedMode('recording'))[0]).toMatchObject({
      setting: 'mode',
      problem: expect.stringContaining('is not available until recording exists'),
    });
    expect(problemsOf(() => checkedMode('fastest'))[0]?.problem).toBe('must be one of accurate, balanced, fast');
    expect(problemsOf(() => checkedMode('__proto__'))[0]?.setting).toBe('mode');
  });
});
