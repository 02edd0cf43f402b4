import type { JoinResult, ParleyClient, Segment } from '@parley/client-sdk';
import { useTranscript } from '@parley/client-sdk/react';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Button, IconButton } from '../design/Button.js';
import { SelectField } from '../design/fields.js';
import { CloseIcon, JumpIcon } from '../design/icons.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import type { Dictionary } from '../i18n/en.js';
import { useText } from '../i18n/I18n.js';
import { SearchBox } from './SearchBox.js';
import { findPlaces, speakersOf, wordsOf } from './search.js';
import { TranscriptActions } from './TranscriptActions.js';
import { TranscriptRow } from './TranscriptRow.js';
import { useFollowedList } from './useFollowedList.js';
import './transcript.css';

/** Id of the button that opens and closes the panel. */
export const TRANSCRIPT_BUTTON_ID = 'transcript-button';
const LIST_ID = 'transcript-list';

/** The whole transcript including gaps: to read along, search and save. */
export function TranscriptPanel({ client, onClose }: { client: ParleyClient; onClose: () => void }) {
  const { text } = useText();
  const { transcript } = text;
  const all = useTranscript(client);
  const [speaker, setSpeaker] = useState('');
  const [question, setQuestion] = useState('');
  const rows = useMemo(
    () => (speaker === '' ? all : all.filter((one) => one.participantId === speaker)),
    [all, speaker],
  );
  const list = useFollowedList(rows);
  const { scroller, virtualizer, following, onScroll, jumpToEnd, jumpTo } = list;

  // While people type, input takes priority over search results.
  const words = useMemo(() => wordsOf(question), [question]);
  const deferredWords = useDeferredValue(words);
  const places = useMemo(() => findPlaces(rows, deferredWords), [rows, deferredWords]);
  const [at, setAt] = useState<string>();
  const standing = places.findIndex((place) => rows[place]?.id === at);
  const goTo = (number: number) => {
    const place = places[(number + places.length) % places.length];
    if (place === undefined) return;
    setAt(rows[place]?.id);
    jumpTo(place);
  };

  const fresh = useFreshCount(rows, following);
  const speakers = useMemo(() => speakersOf(all), [all]);

  const panel = useRef<HTMLElement>(null);
  useFocusHeir({ element: panel, heirId: TRANSCRIPT_BUTTON_ID });

  return (
    <section className="transcript" aria-label={transcript.title} id="transcript" ref={panel}>
      <div className="transcript-title">
        <h2>{transcript.title}</h2>
        <span className="small soft">{transcript.count(rows.length)}</span>
        <TranscriptActions client={client} rows={rows} />
        <IconButton
          tone="ghost"
          label={text.common.close}
          icon={<CloseIcon />}
          data-testid="transcript-close"
          onClick={onClose}
        />
      </div>
      <p className="transcript-readers small soft" data-testid="transcript-readers">
        {readersText(client.joined, transcript.readers)}
      </p>
      <div className="transcript-tools">
        <SearchBox
          question={question}
          onQuestion={(next) => {
            setQuestion(next);
            setAt(undefined);
          }}
          found={words.length === 0 ? undefined : { at: standing + 1, of: places.length }}
          // The first step goes to the newest match.
          onPrevious={() => goTo(standing === -1 ? places.length - 1 : standing - 1)}
          onNext={() => goTo(standing === -1 ? 0 : standing + 1)}
        />
        {speakers.size > 1 || speaker !== '' ? (
          <SelectField
            label={transcript.speaker}
            labelHidden
            data-testid="speaker-filter"
            value={speaker}
            onChange={(event) => setSpeaker(event.target.value)}
          >
            <option value="">{transcript.everybody}</option>
            {[...speakers].map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        ) : null}
      </div>
      <div
        className="transcript-list"
        id={LIST_ID}
        ref={scroller}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list must be reachable by keyboard
        tabIndex={0}
        data-testid="transcript-list"
      >
        {rows.length === 0 ? (
          <p className="transcript-empty">{speaker === '' ? transcript.empty : transcript.emptyFiltered}</p>
        ) : null}
        <ol style={{ blockSize: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const segment = rows[index];
            return segment === undefined ? null : (
              <TranscriptRow
                key={key}
                ref={virtualizer.measureElement}
                segment={segment}
                index={index}
                count={rows.length}
                startPx={start}
                continues={isSameSpeaker(rows[index - 1], segment)}
                words={deferredWords}
                current={segment.id === at}
              />
            );
          })}
        </ol>
      </div>
      {following ? null : <JumpButton fresh={fresh} onJump={jumpToEnd} />}
    </section>
  );
}

/** Who else reads this, and what is missing from it. */
function readersText(joined: JoinResult | undefined, readers: Dictionary['transcript']['readers']): string {
  const later = readers[joined?.latecomersRead ?? 'all'];
  return joined?.transcriptFromMs === undefined ? later : `${readers.partly} ${later}`;
}

function JumpButton({ fresh, onJump }: { fresh: number; onJump: () => void }) {
  const { transcript } = useText().text;
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId: LIST_ID });
  return (
    <Button ref={button} tone="primary" className="jump" icon={<JumpIcon />} data-testid="jump-button" onClick={onJump}>
      {transcript.jump}
      {fresh === 0 ? '' : ` · ${transcript.newEntries(fresh)}`}
    </Button>
  );
}

function isSameSpeaker(before: Segment | undefined, segment: Segment): boolean {
  return before?.participantId === segment.participantId && before.displayName === segment.displayName;
}

/** Entries added since the reader scrolled away from the end. */
function useFreshCount(rows: readonly Segment[], following: boolean): number {
  const [seen, setSeen] = useState(rows.length);
  useEffect(() => {
    if (following) setSeen(rows.length);
  }, [following, rows.length]);
  return following ? 0 : Math.max(0, rows.length - seen);
}
