import type { ParleyClient } from '@parley/client-sdk';
import { useAccess } from '@parley/client-sdk/react';
import { useRef, useState } from 'react';
import { Button } from '../design/Button.js';
import { LeaveIcon, LockIcon, ShieldIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import { useText } from '../i18n/I18n.js';

/** For moderators: locks the room and ends the meeting. */
export function ModerationControl({ client, onError }: { client: ParleyClient; onError: (error: unknown) => void }) {
  const { call } = useText().text;
  const { moderates, locked } = useAccess(client);
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
