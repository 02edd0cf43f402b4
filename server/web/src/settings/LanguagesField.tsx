import { useEffect, useId, useRef, useState } from 'react';
import { Button } from '../design/Button.js';
import { SelectField } from '../design/fields.js';
import { CloseIcon } from '../design/icons.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import { useText } from '../i18n/I18n.js';
import { languageName, speechLanguages, withLanguage, withoutLanguage } from './speechLanguages.js';
import { WishedList } from './WishedList.js';

/**
 * A list of languages, each with a button to remove it, and a select to add others that the model supports. A language is added only with
 * the button, because with the keyboard every step through a closed select is a choice.
 */
export function LanguagesField(props: {
  /** The server's latest list; a new array with each update. */
  chosen: readonly string[];
  /** Languages of the model; undefined if the server does not know. */
  known: readonly string[] | undefined;
  disabled: boolean;
  /** `null`: the list is empty, so that the server's value applies. Resolves with whether the server accepted it. */
  onChange: (chosen: string[] | null) => Promise<boolean>;
}) {
  const { chosen, known, disabled, onChange } = props;
  const { language, text } = useText();
  const { settings } = text;
  const hintId = useId();
  const selectId = useId();
  const select = useRef<HTMLSelectElement>(null);
  const [picked, setPicked] = useState('');
  const [wished] = useState(() => new WishedList());
  useEffect(() => wished.told(chosen), [wished, chosen]);
  const others = speechLanguages({ language, known }).filter(({ code }) => !chosen.includes(code));
  // It may have been added elsewhere in the meantime.
  const pick = others.some(({ code }) => code === picked) ? picked : '';
  const change = (wish: string[] | null) => void wished.ask(wish ?? [], onChange(wish));
  const add = () => {
    change(withLanguage(wished.newest, pick));
    setPicked('');
    // The button is disabled until the next choice.
    select.current?.focus();
  };
  return (
    <div className="languages">
      <div>
        <SelectField
          ref={select}
          label={settings.roomLanguages}
          id={selectId}
          data-testid="room-languages-select"
          value={pick}
          disabled={disabled}
          aria-describedby={hintId}
          onChange={(event) => setPicked(event.target.value)}
        >
          <option value="">{settings.addLanguage}</option>
          {others.map(({ code, name }) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </SelectField>
        <Button data-testid="room-languages-add" disabled={disabled || pick === ''} onClick={add}>
          {settings.add}
        </Button>
      </div>
      {chosen.length === 0 ? null : (
        <ul aria-label={settings.roomLanguages}>
          {chosen.map((code) => (
            <li key={code}>
              <Chosen
                name={languageName(code, language)}
                code={code}
                disabled={disabled}
                heirId={selectId}
                onRemove={() => change(withoutLanguage(wished.newest, code))}
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
