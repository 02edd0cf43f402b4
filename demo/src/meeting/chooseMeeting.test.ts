import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choiceSentence, chooseMeeting, mismatchWarning, PEOPLES_MEETING, SYNTHETIC_MEETING } from './chooseMeeting.js';

const BUILT_IN = { name: 'parley-nano', demo: true };
const PUBLISHED = { name: 'base-q8_0', demo: false };

describe('the meeting that is played', () => {
  it('is of people with a published model, and of synthetic voices with the built-in one', () => {
    expect(chooseMeeting({ model: PUBLISHED })).toEqual({ name: 'people', directory: PEOPLES_MEETING });
    expect(chooseMeeting({ model: BUILT_IN })).toEqual({ name: 'synthetic', directory: SYNTHETIC_MEETING });
  });

  it('is the one that was asked for, whatever the model', () => {
    expect(chooseMeeting({ asked: 'people', model: BUILT_IN }).directory).toBe(PEOPLES_MEETING);
    expect(chooseMeeting({ asked: 'synthetic', model: PUBLISHED }).directory).toBe(SYNTHETIC_MEETING);
    expect(chooseMeeting({ asked: './some/review', model: PUBLISHED })).toEqual({
      name: 'review',
      directory: resolve('some/review'),
    });
  });

  it('is stated in one sentence, with the reason', () => {
    const told = (model: typeof BUILT_IN, asked?: string) =>
      choiceSentence({ asked, model, meeting: chooseMeeting({ asked, model }) });
    expect(told(PUBLISHED)).toBe('Model base-q8_0, meeting people: a published model understands people.');
    expect(told(BUILT_IN)).toBe(
      'Model parley-nano, meeting synthetic: the built-in model knows only these synthetic voices.',
    );
    expect(told(BUILT_IN, 'people')).toBe('Model parley-nano, meeting people: as asked.');
  });

  it('comes with a warning where the model cannot understand it', () => {
    const warned = (model: typeof BUILT_IN, asked: string) =>
      mismatchWarning({ model, meeting: chooseMeeting({ asked, model }) });
    expect(warned(BUILT_IN, 'people')).toMatch(/^parley-nano knows only synthetic voices: .*\.$/);
    expect(warned(BUILT_IN, PEOPLES_MEETING)).toBeDefined();
    expect(warned(BUILT_IN, 'synthetic')).toBeUndefined();
    expect(warned(PUBLISHED, 'people')).toBeUndefined();
    expect(warned(PUBLISHED, 'synthetic')).toBeUndefined();
  });
});
