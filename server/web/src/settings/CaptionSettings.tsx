import { Choices, Switch } from '../design/fields.js';
import { useText } from '../i18n/I18n.js';
import {
  CAPTION_BACKGROUNDS,
  CAPTION_CONTRASTS,
  CAPTION_LINES,
  CAPTION_POSITIONS,
  CAPTION_SIZES,
} from './preferences.js';
import { changeCaptions, usePreferences } from './usePreferences.js';

/** Appearance of captions, for this person only. */
export function CaptionSettings() {
  const { settings } = useText().text;
  const { captions } = usePreferences();
  return (
    <section aria-labelledby="caption-settings">
      <h3 id="caption-settings">{settings.captions}</h3>
      <Choices
        label={settings.size}
        testId="caption-size"
        value={captions.size}
        choices={CAPTION_SIZES.map((value) => ({ value, label: settings.sizes[value] }))}
        onChoose={(size) => changeCaptions({ size })}
      />
      <Choices
        label={settings.position}
        testId="caption-position"
        value={captions.position}
        choices={CAPTION_POSITIONS.map((value) => ({ value, label: settings.positions[value] }))}
        onChoose={(position) => changeCaptions({ position })}
      />
      <Choices
        label={settings.background}
        testId="caption-background"
        value={captions.background}
        choices={CAPTION_BACKGROUNDS.map((value) => ({ value, label: settings.backgrounds[value] }))}
        onChoose={(background) => changeCaptions({ background })}
      />
      <Choices
        label={settings.contrast}
        testId="caption-contrast"
        value={captions.contrast}
        choices={CAPTION_CONTRASTS.map((value) => ({ value, label: settings.contrasts[value] }))}
        onChoose={(contrast) => changeCaptions({ contrast })}
      />
      <Choices
        label={settings.lines}
        testId="caption-lines"
        value={captions.lines}
        choices={CAPTION_LINES.map((value) => ({ value, label: value }))}
        onChoose={(lines) => changeCaptions({ lines })}
      />
      <Switch
        label={settings.announce}
        hint={settings.announceHint}
        checked={captions.announce}
        data-testid="announce-switch"
        onChange={(announce) => changeCaptions({ announce })}
      />
    </section>
  );
}
