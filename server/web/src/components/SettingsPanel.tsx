import { type ParleyClient, ParleyError, type RequestOf, type SettingsView } from '@parley/client-sdk';
import { useState } from 'react';
import { useSettings } from '../hooks/useClient.js';
import { listOf } from '../text.js';

type Change = RequestOf<'updateSettings'>;

/** Codes that speak for themselves in the list; any other language is forced by the deployment. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'tr', 'uk', 'ar', 'hi', 'ja', 'ko', 'zh'];
const LANGUAGE_NAMES = new Intl.DisplayNames(undefined, { type: 'language' });

/** What people change in the middle of a meeting: the room's mode and words, and how they themselves are written down. */
export function SettingsPanel({ client }: { client: ParleyClient }) {
  const [open, setOpen] = useState(false);
  const view = useSettings(client, open);
  const [problem, setProblem] = useState<ParleyError>();
  const change = (wanted: Change) => {
    client.updateSettings(wanted).then(
      () => setProblem(undefined),
      (error: unknown) => setProblem(error instanceof ParleyError ? error : new ParleyError('INTERNAL')),
    );
  };
  return (
    <details
      className="settings"
      data-testid="settings"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Caption settings</summary>
      {view === undefined ? <p className="small">Loading…</p> : <Fields view={view} onChange={change} />}
      {problem === undefined ? null : (
        <p className="error" role="alert" data-testid="settings-error" data-code={problem.code}>
          {problem.message}
        </p>
      )}
    </details>
  );
}

function Fields({ view, onChange }: { view: SettingsView; onChange: (change: Change) => void }) {
  const { effective, participant, mode, modes, mayChangeRoom } = view;
  const mine = (settings: Change['settings']) => onChange({ scope: 'participant', settings });
  const ofRoom = (settings: Change['settings'], name?: string) =>
    onChange({ scope: 'room', settings, ...(name === undefined ? {} : { mode: name }) });
  const languages = [...new Set([...LANGUAGES, effective.language])].filter(
    (code) => code !== 'auto' && code !== 'per-segment',
  );
  return (
    <>
      <label className="field">
        Mode of the room
        <select
          data-testid="mode-select"
          value={mode}
          disabled={!mayChangeRoom}
          aria-describedby="mode-purpose"
          onChange={(event) => ofRoom({}, event.target.value)}
        >
          {modes.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p className="small" id="mode-purpose" data-testid="mode-purpose">
        {modes.find(({ name }) => name === mode)?.purpose}
      </p>
      <TextSetting
        testId="hot-words-input"
        label="Names and terms of the room"
        hint="with commas between them"
        value={(view.roomOverrides.hotWords ?? []).join(', ')}
        disabled={!mayChangeRoom}
        onCommit={(text) => ofRoom({ hotWords: text.trim() === '' ? null : listOf(text) })}
      />
      <label className="field">
        The language that I speak
        <select
          data-testid="language-select"
          value={effective.language}
          onChange={(event) => mine({ language: event.target.value })}
        >
          <option value="auto">Found by itself</option>
          <option value="per-segment">Changes from sentence to sentence</option>
          {languages.map((code) => (
            <option key={code} value={code}>
              {LANGUAGE_NAMES.of(code) ?? code}
            </option>
          ))}
        </select>
      </label>
      <TextSetting
        testId="wake-phrases-input"
        label="Write me down only after I say"
        hint="a phrase such as “hey computer”; empty: always"
        value={(participant.wakePhrases ?? effective.wakePhrases).join(', ')}
        onCommit={(text) => mine({ wakePhrases: text.trim() === '' ? [] : listOf(text), wakeGate: true })}
      />
    </>
  );
}

/** Taken over when the field is left or Enter is pressed, not with every letter. */
function TextSetting(props: {
  testId: string;
  label: string;
  hint: string;
  value: string;
  disabled?: boolean;
  onCommit: (text: string) => void;
}) {
  const { testId, label, hint, value, disabled = false, onCommit } = props;
  const [draft, setDraft] = useState<string>();
  const commit = () => {
    if (draft !== undefined && draft !== value) onCommit(draft);
    setDraft(undefined);
  };
  return (
    <label className="field">
      {label}
      <input
        data-testid={testId}
        value={draft ?? value}
        placeholder={hint}
        title={hint}
        disabled={disabled}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
        }}
      />
    </label>
  );
}
