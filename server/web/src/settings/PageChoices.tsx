import { SelectField } from '../design/fields.js';
import { LanguageIcon, ThemeIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';
import { LANGUAGES } from '../i18n/languages.js';
import { LANGUAGE_CHOICES, type LanguageChoice, THEME_CHOICES, type ThemeChoice } from './preferences.js';
import { changePreferences, usePreferences } from './usePreferences.js';

/** Theme and language of the page. In the lobby their labels are only for screen readers. */
export function PageChoices({ labelHidden = false }: { labelHidden?: boolean }) {
  const { theme, language } = usePreferences();
  const { text } = useText();
  const { common } = text;
  const themes = { system: common.asSystem, light: common.light, dark: common.dark, contrast: common.contrast };
  return (
    <>
      <SelectField
        label={common.theme}
        icon={<ThemeIcon />}
        labelHidden={labelHidden}
        data-testid="theme-select"
        value={theme}
        onChange={(event) => changePreferences({ theme: event.target.value as ThemeChoice })}
      >
        {THEME_CHOICES.map((choice) => (
          <option key={choice} value={choice}>
            {themes[choice]}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={common.pageLanguage}
        icon={<LanguageIcon />}
        labelHidden={labelHidden}
        data-testid="page-language-select"
        value={language}
        onChange={(event) => changePreferences({ language: event.target.value as LanguageChoice })}
      >
        {LANGUAGE_CHOICES.map((choice) =>
          choice === 'system' ? (
            <option key={choice} value={choice}>
              {common.asSystem}
            </option>
          ) : (
            <option key={choice} value={choice} lang={choice}>
              {LANGUAGES[choice].name}
            </option>
          ),
        )}
      </SelectField>
    </>
  );
}
