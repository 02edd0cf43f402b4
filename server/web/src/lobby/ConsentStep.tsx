import { useEffect, useRef } from 'react';
import { Button } from '../design/Button.js';
import { CheckIcon, LeaveIcon } from '../design/icons.js';
import type { ConsentRequest } from '../hooks/useMeeting.js';
import { useText } from '../i18n/I18n.js';

/** The last step of a join to a room that transcribes only those who agree. The microphone is not on yet. Replaces the form, like `Waiting`. */
export function ConsentStep({ request, onLeave }: { request: ConsentRequest; onLeave: () => void }) {
  const { lobby, call, status } = useText().text;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <div className="lobby-card" data-testid="consent-step">
      <h2 ref={title} tabIndex={-1}>
        {lobby.consentTitle}
      </h2>
      <p>
        <bdi>{request.wording.text ?? status.consent}</bdi>
      </p>
      <p className="soft">{status.consentUntil}</p>
      <Button tone="primary" icon={<CheckIcon />} className="wide" data-testid="agree-button" onClick={request.agree}>
        {call.agree}
      </Button>
      <Button className="wide" data-testid="without-consent-button" onClick={request.decline}>
        {lobby.joinWithoutConsent}
      </Button>
      <Button icon={<LeaveIcon />} className="wide" data-testid="leave-step-button" onClick={onLeave}>
        {lobby.doNotJoin}
      </Button>
    </div>
  );
}
