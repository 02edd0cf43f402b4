import { JoinView } from './components/JoinView.js';
import { MeetingView } from './components/MeetingView.js';
import { useIdentity } from './hooks/useIdentity.js';
import { useMeeting } from './hooks/useMeeting.js';

export function App() {
  const identity = useIdentity();
  const meeting = useMeeting();
  return meeting.session === undefined ? (
    <JoinView identity={identity} error={meeting.error} busy={meeting.busy} onJoin={meeting.join} />
  ) : (
    <MeetingView session={meeting.session} notice={meeting.error} onLeave={meeting.leave} onSpeak={meeting.speak} />
  );
}
