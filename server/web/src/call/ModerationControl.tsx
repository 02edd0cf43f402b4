import type { ParleyClient } from '@parley/client-sdk';
import { useAccess } from '@parley/client-sdk/react';
import { useState } from 'react';
import { Button } from '../design/Button.js';
import { LeaveIcon, LockIcon, ShieldIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useText } from '../i18n/I18n.js';

/** For moderators: the door, and the end of it all. */
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

/** Asks once more: it cannot be taken back, and it hits everybody. */
function EndButton({ onEnd }: { onEnd: () => Promise<void> }) {
  const { text } = useText();
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <Button className="warning-button" icon={<LeaveIcon />} data-testid="end-button" onClick={() => setAsked(true)}>
        {text.call.end}
      </Button>
    );
  }
  return (
    <fieldset className="confirm">
      <legend>{text.call.endSure}</legend>
      <Button tone="danger" data-testid="end-sure-button" onClick={() => void onEnd()}>
        {text.call.end}
      </Button>
      <Button onClick={() => setAsked(false)}>{text.common.cancel}</Button>
    </fieldset>
  );
}
