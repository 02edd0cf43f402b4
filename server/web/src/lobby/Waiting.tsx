import { useEffect, useRef } from 'react';
import { Button } from '../design/Button.js';
import { LeaveIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';

/** Shown while a moderator has to admit this person. Replaces the form, which is only hidden and keeps its values for another try. */
export function Waiting({ room, onStop }: { room: string; onStop: () => void }) {
  const { lobby } = useText().text;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <div className="lobby-card" data-testid="waiting">
      <h2 ref={title} tabIndex={-1}>
        {lobby.admissionTitle}
      </h2>
      <p className="soft" role="status">
        {lobby.admissionText(room)}
      </p>
      <Button icon={<LeaveIcon />} className="wide" data-testid="stop-waiting-button" onClick={onStop}>
        {lobby.stopWaiting}
      </Button>
    </div>
  );
}
