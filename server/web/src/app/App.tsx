import { useEffect, useState } from 'react';
import { Call } from '../call/Call.js';
import { followTheme } from '../design/theme.js';
import { useIdentity } from '../hooks/useIdentity.js';
import { useMeeting } from '../hooks/useMeeting.js';
import { Lobby } from '../lobby/Lobby.js';
import { usePreferences } from '../settings/usePreferences.js';
import { ArchivePage } from './ArchivePage.js';
import { CrashGuard } from './CrashGuard.js';

export function App() {
  const { theme } = usePreferences();
  useEffect(() => followTheme(theme), [theme]);
  return <CrashGuard>{location.pathname.endsWith('/archive') ? <ArchivePage /> : <MeetingPage />}</CrashGuard>;
}

function MeetingPage() {
  const identity = useIdentity();
  const meeting = useMeeting();
  const [met, setMet] = useState(false);
  if (meeting.session !== undefined && !met) setMet(true);
  return meeting.session === undefined ? (
    <Lobby
      identity={identity}
      error={meeting.error}
      busy={meeting.busy}
      waiting={meeting.waiting}
      consent={meeting.consent}
      onLeave={meeting.leave}
      putAway={meeting.putAway}
      returned={met}
      onJoin={meeting.join}
    />
  ) : (
    <Call
      session={meeting.session}
      error={meeting.error}
      onDismissError={meeting.dismissError}
      onLeave={meeting.leave}
      onSpeak={meeting.speak}
    />
  );
}
