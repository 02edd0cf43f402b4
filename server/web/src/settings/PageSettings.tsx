import { Switch } from '../design/fields.js';
import { useText } from '../i18n/I18n.js';
import { PageChoices } from './PageChoices.js';
import { changePreferences, usePreferences } from './usePreferences.js';

export function PageSettings() {
  const { settings } = useText().text;
  const { shortcuts } = usePreferences();
  return (
    <section aria-labelledby="page-settings">
      <h3 id="page-settings">{settings.page}</h3>
      <PageChoices />
      <Switch
        label={settings.shortcuts}
        hint={settings.shortcutsHint}
        checked={shortcuts}
        data-testid="shortcuts-switch"
        onChange={(on) => changePreferences({ shortcuts: on })}
      />
    </section>
  );
}
