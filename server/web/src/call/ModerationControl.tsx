import { useAccess, useRecord } from '@parley/client-sdk/react';
import { type ReactNode, useRef, useState } from 'react';
import { pageUrlOf } from '../basePath.js';
import { Button } from '../design/Button.js';
import { CopyButton } from '../design/CopyButton.js';
import { Switch } from '../design/fields.js';
import { CloseIcon, LeaveIcon, LockIcon, ShieldIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import type { Session } from '../hooks/useMeeting.js';
import { useText } from '../i18n/I18n.js';
import { invitationUrl } from '../text.js';
import { WAITING_ROOM_ID, WaitingPeople } from './WaitingPeople.js';

/** For moderators: who may come in, deleting the transcript, ending the meeting. */
export function ModerationControl({ session, onError }: { session: Session; onError: (error: unknown) => void }) {
  const { client, room, joinSecret } = session;
  const { call } = useText().text;
  const { moderates, locked, waitingRoom } = useAccess(client);
  const { roomOffTheRecord, consent } = useRecord(client);
  if (!moderates) return null;
  return (
    <Popover
      label={call.moderation}
      trigger={(trigger) => (
        <Button className="control" icon={<ShieldIcon />} data-testid="moderation-button" {...trigger}>
          {call.moderation}
        </Button>
      )}
    >
      {(close) => (
        <>
          <Button
            icon={<LockIcon />}
            aria-pressed={locked}
            data-testid="lock-button"
            onClick={() => {
              close();
              client.setRoomLocked(!locked).catch(onError);
            }}
          >
            {locked ? call.unlock : call.lock}
          </Button>
          <Switch
            label={call.waitingRoom}
            hint={call.waitingRoomHint}
            checked={waitingRoom}
            id={WAITING_ROOM_ID}
            data-testid="waiting-room-switch"
            onChange={(on) => void client.setWaitingRoom(on).catch(onError)}
          />
          <WaitingPeople client={client} onError={onError} />
          <Switch
            label={call.roomOffTheRecord}
            hint={call.roomOffTheRecordHint}
            checked={roomOffTheRecord}
            data-testid="room-record-switch"
            onChange={(on) => void client.setRoomOffTheRecord(on).catch(onError)}
          />
          <Switch
            label={call.requireConsent}
            hint={call.requireConsentHint}
            checked={consent !== undefined}
            disabled={consent !== undefined}
            data-testid="consent-switch"
            onChange={() => void client.requireConsent().catch(onError)}
          />
          {client.moderatorKey === undefined ? null : (
            <>
              <CopyButton
                icon={<ShieldIcon />}
                testId="moderator-link-button"
                label={call.copyModeratorLink}
                copied={call.moderatorLinkCopied}
                textOf={() => {
                  const { moderatorKey = '', roomSecret = '' } = client;
                  return invitationUrl({ base: pageUrlOf(location), room, joinSecret, roomSecret, moderatorKey });
                }}
              />
              <p className="hint">{call.moderatorLinkHint}</p>
            </>
          )}
          <DangerButton
            name="delete-transcript"
            label={call.deleteTranscript}
            question={call.deleteTranscriptSure}
            icon={<CloseIcon />}
            onSure={() => {
              close();
              return client.deleteTranscript().catch(onError);
            }}
          />
          <DangerButton
            name="end"
            label={call.end}
            question={call.endSure}
            icon={<LeaveIcon />}
            onSure={() => client.endMeeting().catch(onError)}
          />
        </>
      )}
    </Popover>
  );
}

interface DangerProps {
  /** Ids of the buttons start with it. */
  name: 'end' | 'delete-transcript';
  label: string;
  question: string;
  icon: ReactNode;
  onSure: () => Promise<void>;
}

/** Asks for confirmation: it cannot be undone and affects everyone. */
function DangerButton(props: DangerProps) {
  const [asked, setAsked] = useState(false);
  return asked ? (
    <DangerConfirm {...props} onCancel={() => setAsked(false)} />
  ) : (
    <DangerAsk {...props} onAsk={() => setAsked(true)} />
  );
}

function DangerAsk({ name, label, icon, onAsk }: DangerProps & { onAsk: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId: `${name}-cancel-button` });
  return (
    <Button
      ref={button}
      id={`${name}-button`}
      className="warning-button"
      icon={icon}
      data-testid={`${name}-button`}
      onClick={onAsk}
    >
      {label}
    </Button>
  );
}

function DangerConfirm({ name, label, question, onSure, onCancel }: DangerProps & { onCancel: () => void }) {
  const { common } = useText().text;
  const fieldset = useRef<HTMLFieldSetElement>(null);
  useFocusHeir({ element: fieldset, heirId: `${name}-button` });
  return (
    <fieldset className="confirm" ref={fieldset}>
      <legend>{question}</legend>
      <Button tone="danger" data-testid={`${name}-sure-button`} onClick={() => void onSure()}>
        {label}
      </Button>
      <Button id={`${name}-cancel-button`} data-testid={`${name}-cancel-button`} onClick={onCancel}>
        {common.cancel}
      </Button>
    </fieldset>
  );
}
