import { useAccess } from '@parley/client-sdk/react';
import { useRef, useState } from 'react';
import { basePathOf } from '../basePath.js';
import { Button } from '../design/Button.js';
import { CopyButton } from '../design/CopyButton.js';
import { Switch } from '../design/fields.js';
import { LeaveIcon, LockIcon, ShieldIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import type { Session } from '../hooks/useMeeting.js';
import { useText } from '../i18n/I18n.js';
import { invitationUrl } from '../text.js';
import { WAITING_ROOM_ID, WaitingPeople } from './WaitingPeople.js';

/** For moderators: the door, and the end of it all. */
export function ModerationControl({ session, onError }: { session: Session; onError: (error: unknown) => void }) {
  const { client, room, joinSecret } = session;
  const { call } = useText().text;
  const { moderates, locked, waitingRoom } = useAccess(client);
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
          {client.moderatorKey === undefined ? null : (
            <>
              <CopyButton
                icon={<ShieldIcon />}
                testId="moderator-link-button"
                label={call.copyModeratorLink}
                copied={call.moderatorLinkCopied}
                textOf={() => {
                  const { moderatorKey = '', roomSecret = '' } = client;
                  return invitationUrl({
                    base: `${location.origin}${basePathOf(location)}`,
                    room,
                    joinSecret,
                    roomSecret,
                    moderatorKey,
                  });
                }}
              />
              <p className="hint">{call.moderatorLinkHint}</p>
            </>
          )}
          <EndButton onEnd={() => client.endMeeting().catch(onError)} />
        </>
      )}
    </Popover>
  );
}

/** Asks for confirmation: it cannot be undone and affects everyone. */
function EndButton({ onEnd }: { onEnd: () => Promise<void> }) {
  const [asked, setAsked] = useState(false);
  return asked ? (
    <EndConfirm onEnd={onEnd} onCancel={() => setAsked(false)} />
  ) : (
    <EndAsk onAsk={() => setAsked(true)} />
  );
}

const END_ID = 'end-button';
const CANCEL_ID = 'end-cancel-button';

function EndAsk({ onAsk }: { onAsk: () => void }) {
  const { call } = useText().text;
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId: CANCEL_ID });
  return (
    <Button
      ref={button}
      id={END_ID}
      className="warning-button"
      icon={<LeaveIcon />}
      data-testid="end-button"
      onClick={onAsk}
    >
      {call.end}
    </Button>
  );
}

function EndConfirm({ onEnd, onCancel }: { onEnd: () => Promise<void>; onCancel: () => void }) {
  const { call, common } = useText().text;
  const question = useRef<HTMLFieldSetElement>(null);
  useFocusHeir({ element: question, heirId: END_ID });
  return (
    <fieldset className="confirm" ref={question}>
      <legend>{call.endSure}</legend>
      <Button tone="danger" data-testid="end-sure-button" onClick={() => void onEnd()}>
        {call.end}
      </Button>
      <Button id={CANCEL_ID} data-testid="end-cancel-button" onClick={onCancel}>
        {common.cancel}
      </Button>
    </fieldset>
  );
}
