import { describe, expect, test } from 'vitest';
import { themeOf } from './theme.js';

describe('the theme', () => {
  test('follows the system: contrast first, then darkness', () => {
    const system = (prefersDark: boolean, prefersContrast: boolean) =>
      themeOf({ choice: 'system', prefersDark, prefersContrast });
    expect([system(false, false), system(true, false), system(false, true), system(true, true)]).toEqual([
      'light',
      'dark',
      'contrast',
      'contrast',
    ]);
  });

  test('is what the person chose, whatever the system asks for', () => {
    expect(themeOf({ choice: 'light', prefersDark: true, prefersContrast: true })).toBe('light');
    expect(themeOf({ choice: 'contrast', prefersDark: false, prefersContrast: false })).toBe('contrast');
  });
});
