import type { TranscriptionStatus } from '@parley/client-sdk';
import { useAccess, useClientState, useLedgers, useRecord, useTranscription } from '@parley/client-sdk/react';
import { useEffect, useRef } from 'react';
import { pageUrlOf } from '../basePath.js';
import { TITLE_ID } from '../design/Banner.js';
import { CopyButton } from '../design/CopyButton.js';
import { BrandMark, InviteIcon, LockIcon, OffTheRecordIcon } from '../design/icons.js';
import type { Session } from '../hooks/useMeeting.js';
import { useNow } from '../hooks/useNow.js';
import { useText } from '../i18n/I18n.js';
import { modeText } from '../settings/modeText.js';
import { clockText, coverageOf, engineText, invitationUrl, percentOf } from '../text.js';

/** Room name, and everything that must always be visible: connection, recording, model of the captions, share of speech transcribed. */
export function CallHeader({ session }: { session: Session }) {
  const { client, room, recording } = session;
  const { text } = useText();
  const { locked } = useAccess(client);
  const transcription = useTranscription(client);
  const title = useRef<HTMLHeadingElement>(null);

  // The lobby and its focus are gone. Moving the focus here informs people who cannot see the page.
  useEffect(() => {
    title.current?.focus();
    document.title = `${room} · Parley`;
    return () => {
      document.title = 'Parley';
    };
  }, [room]);

  return (
    <header className="call-header">
      <BrandMark />
      <div className="call-title">
        <h1 ref={title} id={TITLE_ID} tabIndex={-1}>
          <bdi>{room}</bdi>
        </h1>
        <Clock session={session} />
      </div>
      <ul className="chips">
        <StateChip session={session} />
        {recording ? (
          <li className="chip bad" data-testid="recordable">
            <span className="lamp" aria-hidden="true" />
            {text.status.recordable}
          </li>
        ) : null}
        {locked ? (
          <li className="chip">
            <LockIcon />
            {text.status.locked}
          </li>
        ) : null}
        <RecordChip session={session} />
        {transcription === undefined ? null : <EngineChip transcription={transcription} />}
        <CoverageChip session={session} />
      </ul>
      <InviteButton session={session} />
    </header>
  );
}

function Clock({ session }: { session: Session }) {
  const { text } = useText();
  const now = useNow(1_000);
  return (
    <time className="small soft" title={text.call.elapsed}>
      {clockText(now - session.meetingStartedAtMs)}
    </time>
  );
}

function StateChip({ session }: { session: Session }) {
  const { text } = useText();
  const state = useClientState(session.client);
  return (
    <li className={state === 'joined' ? 'chip good' : 'chip warn'}>
      <span className="lamp" aria-hidden="true" />
      <span role="status" data-testid="state" data-state={state}>
        {text.status[state]}
      </span>
    </li>
  );
}

/** While a moderator has paused the transcription of everyone. */
function RecordChip({ session }: { session: Session }) {
  const { call } = useText().text;
  const { roomOffTheRecord } = useRecord(session.client);
  if (!roomOffTheRecord) return null;
  return (
    <li className="chip warn" data-testid="room-off-the-record">
      <OffTheRecordIcon />
      {call.isOffTheRecord}
    </li>
  );
}

function EngineChip({ transcription }: { transcription: TranscriptionStatus }) {
  const { text } = useText();
  const tone = transcription.state !== 'ready' ? 'bad' : transcription.degradation === undefined ? '' : 'warn';
  return (
    <li className={`chip ${tone}`} title={text.status.engine} data-testid="engine">
      <bdi>
        {modeText(text, transcription.mode).name} · {engineText(transcription, text.status.noEngine)}
      </bdi>
    </li>
  );
}

/** The share of speech that has become text. */
function CoverageChip({ session }: { session: Session }) {
  const { status } = useText().text;
  const coverage = coverageOf(useLedgers(session.client));
  return (
    <li className={coverage === undefined || coverage === 1 ? 'chip' : 'chip bad'}>
      <span data-testid="coverage">
        {coverage === undefined ? status.nothingSaid : status.coverage(percentOf(coverage))}
      </span>
    </li>
  );
}

function InviteButton({ session }: { session: Session }) {
  const { call } = useText().text;
  const { client, room, joinSecret } = session;
  return (
    <CopyButton
      className="invite"
      icon={<InviteIcon />}
      testId="invite-button"
      label={call.invite}
      copied={call.invited}
      textOf={() => {
        const { roomSecret = '' } = client;
        return invitationUrl({ base: pageUrlOf(location), room, joinSecret, roomSecret });
      }}
    />
  );
}
