import { describe, expect, test } from 'vitest';
import { DEFAULT_PREFERENCES, preferencesOf } from './preferences.js';

describe('the preferences of a person', () => {
  test('are the first ones where nothing was kept, or nothing that can be read', () => {
    for (const kept of [null, '', '{', 'null', '7', '[]', '{"captions":null}']) {
      expect(preferencesOf(kept)).toEqual(DEFAULT_PREFERENCES);
    }
  });

  test('come back as they were kept', () => {
    const kept = {
      ...DEFAULT_PREFERENCES,
      theme: 'contrast',
      language: 'ar',
      captions: { ...DEFAULT_PREFERENCES.captions, on: false, size: 'huge', position: 'top', background: 'none' },
      speechLanguage: 'de',
      pushToTalk: true,
    };
    expect(preferencesOf(JSON.stringify(kept))).toEqual(kept);
  });

  test('lose what makes no sense, and nothing else', () => {
    const kept = JSON.stringify({
      theme: 'pink',
      captions: { size: 'large', lines: 40, on: 'yes' },
      speechLanguage: '"><img>',
      unknown: true,
    });
    expect(preferencesOf(kept)).toEqual({
      ...DEFAULT_PREFERENCES,
      captions: { ...DEFAULT_PREFERENCES.captions, size: 'large' },
    });
  });
});
