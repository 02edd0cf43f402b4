import { JoinView } from './components/JoinView.js';
import { MeetingView } from './components/MeetingView.js';
import { useMeeting } from './hooks/useMeeting.js';

export function App() {
  const meeting = useMeeting();
  return meeting.session === undefined ? (
    <JoinView error={meeting.error} busy={meeting.busy} onJoin={meeting.join} />
  ) : (
    <MeetingView session={meeting.session} notice={meeting.error} onLeave={meeting.leave} onSpeak={meeting.speak} />
  );
}
