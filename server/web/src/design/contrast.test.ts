import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const CSS = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const THEMES = { light: '[data-theme="light"]', dark: '[data-theme="dark"]', contrast: '[data-theme="contrast"]' };
const PAPERS = ['paper', 'surface', 'raised', 'sunken'];
const VOICES = Array.from({ length: 8 }, (_, index) => `voice-${index}`);

/** Ink on paper, by token. */
const PAIRS: readonly (readonly [ink: string, paper: string])[] = [
  ...PAPERS.flatMap((paper) => ['ink', 'soft', 'accent', 'danger'].map((ink) => [ink, paper] as const)),
  ...VOICES.flatMap((voice) => ['paper', 'surface', 'raised'].map((paper) => [voice, paper] as const)),
  ['accent-ink', 'accent'],
  ['accent-soft-ink', 'accent-soft'],
  ['danger-ink', 'danger'],
  ['danger-soft-ink', 'danger-soft'],
  ['warn-soft-ink', 'warn-soft'],
  ['mark-ink', 'mark'],
];

function tokensOf(selector: string): Map<string, string> {
  const block = CSS.split('}').find((part) => part.includes(selector) && part.includes('--paper')) ?? '';
  return new Map(
    Array.from(block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g), ([, name, value]) => [name ?? '', value ?? '']),
  );
}

/** WCAG 2.2, "relative luminance". */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrastOf(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each(Object.entries(THEMES))('the %s theme', (theme, selector) => {
  const tokens = tokensOf(selector);
  const leastForText = theme === 'contrast' ? 7 : 4.5;

  test.each(PAIRS)('can be read: %s on %s', (ink, paper) => {
    expect(contrastOf(tokens.get(ink) ?? '', tokens.get(paper) ?? '')).toBeGreaterThanOrEqual(leastForText);
  });

  test.each(PAPERS)('shows where a field ends on %s', (paper) => {
    expect(contrastOf(tokens.get('line-strong') ?? '', tokens.get(paper) ?? '')).toBeGreaterThanOrEqual(3);
  });
});
