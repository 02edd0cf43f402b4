import type { ParleyClient, RequestOf, SettingsView, TranscriptionStatus } from '@parley/client-sdk';
import { useSettings, useTranscription } from '@parley/client-sdk/react';
import { useMemo } from 'react';
import { Banner } from '../design/Banner.js';
import { SelectField } from '../design/fields.js';
import { useProblem } from '../hooks/useProblem.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';
import { listOf } from '../text.js';
import { CommittedField } from './CommittedField.js';
import { LanguagesField } from './LanguagesField.js';
import { modelText } from './modelText.js';
import { modeText } from './modeText.js';
import { speechLanguages } from './speechLanguages.js';

type Change = RequestOf<'updateSettings'>;

/** Settings that change during a meeting: the room's mode and words, and this participant's recognition. */
export function RoomSettings({ client }: { client: ParleyClient }) {
  const spoken = useText();
  const { common, settings } = spoken.text;
  const view = useSettings(client);
  const model = useTranscription(client)?.model;
  const known = model?.languages;
  const { problem, tell, clear } = useProblem();
  const change = async (wanted: Change) => {
    try {
      await client.updateSettings(wanted);
      clear();
      return true;
    } catch (error) {
      tell(error);
      return false;
    }
  };
  const notice =
    problem === undefined ? null : (
      <Banner tone="bad" urgent testId="settings-error" code={problem.code}>
        {errorText(problem, spoken)}
      </Banner>
    );
  if (view === undefined) {
    return (
      <section aria-labelledby="room-settings">
        <h3 id="room-settings">{settings.room}</h3>
        <p className="hint">{common.loading}</p>
      </section>
    );
  }
  return (
    <>
      <OfRoom view={view} known={known} model={model} onChange={change} />
      {notice}
      <OfMine view={view} known={known} onChange={change} />
    </>
  );
}

interface Part {
  view: SettingsView;
  /** Languages of the model; undefined if the server does not know. */
  known: readonly string[] | undefined;
  /** Resolves with whether the server accepted it; errors are shown. */
  onChange: (change: Change) => Promise<boolean>;
}

function OfRoom({ view, known, model, onChange }: Part & { model: TranscriptionStatus['model'] | undefined }) {
  const { text } = useText();
  const { settings } = text;
  const { mode, modes, mayChangeRoom, roomOverrides } = view;
  const ofRoom = (change: Change['settings']) => onChange({ scope: 'room', settings: change });
  // Compared by content: each view has a new array.
  const languages = useMemo(() => [...(view.roomOverrides.languages ?? [])], [view]);
  const purpose = modes.find(({ name }) => name === mode)?.purpose;
  return (
    <section aria-labelledby="room-settings">
      <h3 id="room-settings">{settings.room}</h3>
      {mayChangeRoom ? null : <p className="hint">{settings.roomLocked}</p>}
      <SelectField
        label={settings.mode}
        data-testid="mode-select"
        value={mode}
        disabled={!mayChangeRoom}
        aria-describedby="mode-purpose"
        onChange={(event) => onChange({ scope: 'room', settings: {}, mode: event.target.value })}
      >
        {modes.map(({ name }) => (
          <option key={name} value={name}>
            {modeText(text, name).name}
          </option>
        ))}
      </SelectField>
      <p className="hint" id="mode-purpose" data-testid="mode-purpose">
        {modeText(text, mode, purpose).purpose}
      </p>
      {model === undefined ? null : (
        <p className="hint" data-testid="model">
          {modelText(text, model)}
        </p>
      )}
      <CommittedField
        testId="hot-words-input"
        label={settings.hotWords}
        hint={settings.hotWordsHint}
        value={(roomOverrides.hotWords ?? []).join(', ')}
        disabled={!mayChangeRoom}
        onCommit={(words) => ofRoom({ hotWords: words.trim() === '' ? null : listOf(words) })}
      />
      <LanguageSelect
        label={settings.roomLanguage}
        testId="room-language-select"
        value={roomOverrides.language}
        known={known}
        inherited={settings.asServer}
        disabled={!mayChangeRoom}
        onChoose={(language) => ofRoom({ language })}
      />
      <LanguagesField
        chosen={languages}
        known={known}
        disabled={!mayChangeRoom}
        onChange={(wanted) => ofRoom({ languages: wanted })}
      />
    </section>
  );
}

function OfMine({ view, known, onChange }: Part) {
  const { lobby, settings } = useText().text;
  const { effective, participant } = view;
  const mine = (change: Change['settings']) => onChange({ scope: 'participant', settings: change });
  return (
    <section aria-labelledby="my-settings">
      <h3 id="my-settings">{settings.mine}</h3>
      <LanguageSelect
        label={settings.language}
        testId="language-select"
        value={participant.language}
        known={known}
        inherited={lobby.asRoom}
        onChoose={(language) => mine({ language })}
      />
      <CommittedField
        testId="wake-phrases-input"
        label={settings.wakePhrases}
        hint={settings.wakePhrasesHint}
        value={(participant.wakePhrases ?? effective.wakePhrases).join(', ')}
        onCommit={(phrases) => mine({ wakePhrases: phrases.trim() === '' ? [] : listOf(phrases), wakeGate: true })}
      />
    </section>
  );
}

/** The language of one layer; if none, `inherited` applies. */
function LanguageSelect(props: {
  label: string;
  testId: string;
  value: string | undefined;
  known: Part['known'];
  inherited: string;
  disabled?: boolean;
  onChoose: (language: string | null) => void;
}) {
  const { label, testId, value = '', known, inherited, disabled = false, onChoose } = props;
  const { language, text } = useText();
  const { settings } = text;
  return (
    <SelectField
      label={label}
      data-testid={testId}
      value={value}
      disabled={disabled}
      onChange={(event) => onChoose(event.target.value === '' ? null : event.target.value)}
    >
      <option value="">{inherited}</option>
      <option value="auto">{settings.languageAuto}</option>
      <option value="per-segment">{settings.languagePerSegment}</option>
      {speechLanguages({ language, known, also: [value] }).map(({ code, name }) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
