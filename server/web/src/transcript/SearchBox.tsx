import type { KeyboardEvent } from 'react';
import { IconButton } from '../design/Button.js';
import { ChevronIcon, SearchIcon, UpIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';

export function SearchBox(props: {
  question: string;
  onQuestion: (question: string) => void;
  /** Undefined without a search; `at` counts from 1, and is 0 before the first step. */
  found: { at: number; of: number } | undefined;
  onPrevious: () => void;
  onNext: () => void;
}) {
  const { question, onQuestion, found, onPrevious, onNext } = props;
  const { transcript } = useText().text;
  const onKeyDown = (event: KeyboardEvent) => {
    // During composition these keys belong to the input method.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') onQuestion('');
    if (event.key !== 'Enter') return;
    event.preventDefault();
    if (event.shiftKey) onPrevious();
    else onNext();
  };
  const none = found?.of === 0;
  return (
    <search className="search">
      <SearchIcon />
      <input
        className="input"
        type="search"
        aria-label={transcript.search}
        placeholder={transcript.search}
        value={question}
        onChange={(event) => onQuestion(event.target.value)}
        onKeyDown={onKeyDown}
        autoComplete="off"
        spellCheck={false}
        dir="auto"
        data-testid="search-input"
      />
      {found === undefined ? null : (
        <>
          <span className="small soft" role="status" data-testid="search-found">
            {none ? transcript.foundNone : transcript.found(found.at, found.of)}
          </span>
          <IconButton tone="ghost" label={transcript.previous} icon={<UpIcon />} disabled={none} onClick={onPrevious} />
          <IconButton tone="ghost" label={transcript.next} icon={<ChevronIcon />} disabled={none} onClick={onNext} />
        </>
      )}
    </search>
  );
}
