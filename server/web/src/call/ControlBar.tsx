import { useAccess, useRecord } from '@parley/client-sdk/react';
import type { ReactNode } from 'react';
import { Button } from '../design/Button.js';
import {
  CaptionsIcon,
  CaptionsOffIcon,
  LeaveIcon,
  OffTheRecordIcon,
  SettingsIcon,
  TranscriptIcon,
} from '../design/icons.js';
import type { Session } from '../hooks/useMeeting.js';
import { useText } from '../i18n/I18n.js';
import { usePreferences } from '../settings/usePreferences.js';
import { TRANSCRIPT_BUTTON_ID } from '../transcript/TranscriptPanel.js';
import { MicrophoneControl } from './MicrophoneControl.js';
import { ModerationControl } from './ModerationControl.js';

/** All controls for use during a meeting, within reach of a thumb. */
export function ControlBar(props: {
  session: Session;
  showsTranscript: boolean;
  onTranscript: () => void;
  onCaptions: () => void;
  onMute: () => void;
  onSettings: () => void;
  onLeave: () => void;
  onSpeak: () => Promise<void>;
  onError: (error: unknown) => void;
  onSuccess: () => void;
}) {
  const { session, showsTranscript, onTranscript, onCaptions, onMute, onSettings, onLeave } = props;
  const { call } = useText().text;
  const { captions, shortcuts } = usePreferences();
  return (
    <section className="control-bar" aria-label={call.controls}>
      <MicrophoneControl
        session={session}
        onMute={onMute}
        onSpeak={props.onSpeak}
        onError={props.onError}
        onSuccess={props.onSuccess}
      />
      <RecordControl session={session} onError={props.onError} />
      <Control
        icon={captions.on ? <CaptionsIcon /> : <CaptionsOffIcon />}
        label={call.captions}
        title={captions.on ? call.captionsOff : call.captionsOn}
        testId="captions-button"
        pressed={captions.on}
        shortcut={shortcuts ? 'c' : undefined}
        onClick={onCaptions}
      />
      <Control
        icon={<TranscriptIcon />}
        label={call.transcript}
        id={TRANSCRIPT_BUTTON_ID}
        testId="transcript-button"
        pressed={showsTranscript}
        shortcut={shortcuts ? 't' : undefined}
        onClick={onTranscript}
      />
      <ModerationControl session={session} onError={props.onError} />
      <Control
        icon={<SettingsIcon />}
        label={call.settings}
        testId="settings-button"
        shortcut={shortcuts ? 's' : undefined}
        onClick={onSettings}
      />
      <Button tone="danger" className="control" icon={<LeaveIcon />} data-testid="leave-button" onClick={onLeave}>
        {call.leave}
      </Button>
    </section>
  );
}

/** Participants pause their own transcription with it. It changes when the server has answered: from then on, nothing is kept. */
function RecordControl({ session, onError }: { session: Session; onError: (error: unknown) => void }) {
  const { client } = session;
  const { call } = useText().text;
  const { grants } = useAccess(client);
  const { offTheRecord } = useRecord(client);
  if (!grants.includes('speak')) return null;
  return (
    <Control
      icon={<OffTheRecordIcon />}
      label={call.offTheRecord}
      title={offTheRecord ? call.offTheRecordOff : call.offTheRecordOn}
      testId="record-button"
      pressed={offTheRecord}
      live
      shortcut={undefined}
      onClick={() => void client.setOffTheRecord(!offTheRecord).catch(onError)}
    />
  );
}

function Control(props: {
  icon: ReactNode;
  label: string;
  title?: string;
  id?: string;
  testId: string;
  /** Absent for a button that is not a toggle. */
  pressed?: boolean;
  /** Stands out while it is pressed. */
  live?: boolean;
  shortcut: string | undefined;
  onClick: () => void;
}) {
  const { icon, label, title = label, id, testId, pressed, live = false, shortcut, onClick } = props;
  return (
    <Button
      id={id}
      className={live ? 'control live' : 'control'}
      icon={icon}
      title={shortcut === undefined ? title : `${title} (${shortcut.toUpperCase()})`}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      data-testid={testId}
      onClick={onClick}
    >
      {label}
    </Button>
  );
}
