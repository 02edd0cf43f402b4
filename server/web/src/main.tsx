import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.js';
import { followTheme } from './design/theme.js';
import { firstSpoken, I18nProvider } from './i18n/I18n.js';
import { readPreferences } from './settings/usePreferences.js';
import './design/tokens.css';
import './design/base.css';
import './design/controls.css';
import './design/overlays.css';
import './app/app.css';

const root = document.getElementById('root');
if (root !== null) {
  const { theme, language } = readPreferences();
  // Applied before the first paint: a dark page must not flash white.
  followTheme(theme)();
  const spoken = await firstSpoken(language);
  createRoot(root).render(
    <StrictMode>
      <I18nProvider first={spoken}>
        <App />
      </I18nProvider>
    </StrictMode>,
  );
}
