import type { ThemeChoice } from '../settings/preferences.js';

export type Theme = 'light' | 'dark' | 'contrast';

/** The person's choice, or else the system's preference; contrast takes priority over darkness. */
export function themeOf(options: { choice: ThemeChoice; prefersDark: boolean; prefersContrast: boolean }): Theme {
  const { choice, prefersDark, prefersContrast } = options;
  if (choice !== 'system') return choice;
  if (prefersContrast) return 'contrast';
  return prefersDark ? 'dark' : 'light';
}

/** Applies the theme and follows changes of the system. @returns a function that stops this */
export function followTheme(choice: ThemeChoice): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const contrast = matchMedia('(prefers-contrast: more)');
  const apply = () => {
    const theme = themeOf({ choice, prefersDark: dark.matches, prefersContrast: contrast.matches });
    document.documentElement.dataset.theme = theme;
  };
  apply();
  for (const query of [dark, contrast]) query.addEventListener('change', apply);
  return () => {
    for (const query of [dark, contrast]) query.removeEventListener('change', apply);
  };
}
