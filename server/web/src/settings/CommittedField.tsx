import { useState } from 'react';
import { TextField } from '../design/fields.js';

/** A text field whose value is applied on blur or Enter, not with every letter. */
export function CommittedField(props: {
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
    <TextField
      data-testid={testId}
      label={label}
      hint={hint}
      value={draft ?? value}
      disabled={disabled}
      dir="auto"
      autoComplete="off"
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        // During input method composition, Enter accepts a suggestion.
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) commit();
      }}
    />
  );
}
