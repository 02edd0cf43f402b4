import { useId, useRef } from 'react';
import { Button } from '../design/Button.js';
import { SelectField } from '../design/fields.js';
import { CloseIcon } from '../design/icons.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import { useText } from '../i18n/I18n.js';
import { languageName, speechLanguages, withLanguage, withoutLanguage } from './speechLanguages.js';

/** A list of languages: each has a button that takes it off, and all others that the model knows wait to be added. */
export function LanguagesField(props: {
  chosen: readonly string[];
  /** Languages of the model; undefined where the server does not say. */
  known: readonly string[] | undefined;
  disabled: boolean;
  /** `null`: none is left, so that whatever the server has holds. */
  onChange: (chosen: string[] | null) => void;
}) {
  const { chosen, known, disabled, onChange } = props;
  const { language, text } = useText();
  const { settings } = text;
  const hintId = useId();
  const selectId = useId();
  const others = speechLanguages({ language, known }).filter(({ code }) => !chosen.includes(code));
  return (
    <div className="languages">
      <SelectField
        label={settings.roomLanguages}
        id={selectId}
        data-testid="room-languages-select"
        value=""
        disabled={disabled}
        aria-describedby={hintId}
        onChange={(event) => onChange(withLanguage(chosen, event.target.value))}
      >
        <option value="">{settings.addLanguage}</option>
        {others.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </SelectField>
      {chosen.length === 0 ? null : (
        <ul aria-label={settings.roomLanguages}>
          {chosen.map((code) => (
            <li key={code}>
              <Chosen
                name={languageName(code, language)}
                code={code}
                disabled={disabled}
                heirId={selectId}
                onRemove={() => onChange(withoutLanguage(chosen, code))}
              />
            </li>
          ))}
        </ul>
      )}
      <p className="hint" id={hintId}>
        {settings.roomLanguagesHint}
      </p>
    </div>
  );
}

function Chosen(props: { name: string; code: string; disabled: boolean; heirId: string; onRemove: () => void }) {
  const { name, code, disabled, heirId, onRemove } = props;
  const { settings } = useText().text;
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId });
  return (
    <Button
      ref={button}
      icon={<CloseIcon />}
      data-testid="room-language"
      data-language={code}
      aria-label={settings.removeLanguage(name)}
      disabled={disabled}
      onClick={onRemove}
    >
      {name}
    </Button>
  );
}
