import type { ParleyError } from '@parley/client-sdk';
import { lazy, Suspense, useEffect, useState } from 'react';
import { NARROW, useMedia } from '../hooks/useMedia.js';
import type { Session } from '../hooks/useMeeting.js';
import { useProblem } from '../hooks/useProblem.js';
import { useShortcuts } from '../hooks/useShortcuts.js';
import { useText } from '../i18n/I18n.js';
import { changeCaptions, usePreferences } from '../settings/usePreferences.js';
import { TranscriptPanel } from '../transcript/TranscriptPanel.js';
import { Announcer } from './Announcer.js';
import { CallHeader } from './CallHeader.js';
import { Captions } from './Captions.js';
import { ControlBar } from './ControlBar.js';
import { Notices } from './Notices.js';
import { ParticipantGrid } from './ParticipantGrid.js';
import { useSpokenLanguages } from './useSpokenLanguages.js';
import './call.css';
import './captions.css';
import './tiles.css';

/** Loaded on demand: few people open it, and not at once. */
const SettingsDrawer = lazy(() => import('../settings/SettingsDrawer.js'));

export function Call(props: {
  session: Session;
  error: ParleyError | undefined;
  onDismissError: () => void;
  onLeave: () => void;
  onSpeak: () => Promise<void>;
}) {
  const { session, onLeave, onSpeak, onDismissError } = props;
  const { client, microphone } = session;
  const { captions, shortcuts, pushToTalk } = usePreferences();
  const { text } = useText();
  const narrow = useMedia(NARROW);
  const [showsTranscript, setShowsTranscript] = useState(!narrow);
  const [showsSettings, setShowsSettings] = useState(false);
  const { problem, tell, clear, relieve } = useProblem();
  const languages = useSpokenLanguages(client);
  // If there is no room for both, the meeting itself stays visible.
  const [wasNarrow, setWasNarrow] = useState(narrow);
  if (wasNarrow !== narrow) {
    setWasNarrow(narrow);
    if (narrow) setShowsTranscript(false);
  }
  const showsStage = !narrow || !showsTranscript;

  const toggleCaptions = () => changeCaptions({ on: !captions.on });
  const toggleTranscript = () => setShowsTranscript((shown) => !shown);
  const toggleMute = () => {
    // Then the microphone is only open while a key or the button is held.
    if (microphone === undefined || pushToTalk || client.self?.mutedByModerator === true) return;
    if (microphone.muted) microphone.unmute().catch(tell);
    else microphone.mute();
  };
  useShortcuts({ m: toggleMute, c: toggleCaptions, t: toggleTranscript, s: () => setShowsSettings(true) }, shortcuts);

  useEffect(() => {
    const offs = [
      client.on('reconnected', () => relieve('reconnected')),
      microphone?.on('recovered', () => relieve('recovered')),
    ];
    return () => {
      for (const off of offs) off?.();
    };
  }, [client, microphone, relieve]);

  return (
    <div className={showsTranscript && showsStage ? 'call with-transcript' : 'call'}>
      <CallHeader session={session} />
      {showsTranscript ? (
        <a className="skip-link" href="#transcript">
          {text.common.skipToTranscript}
        </a>
      ) : null}
      <Notices
        session={session}
        error={problem ?? props.error}
        onError={tell}
        onDismissError={() => {
          clear();
          onDismissError();
        }}
      />
      <main>
        {showsStage ? (
          <div className={`stage captions-at-${captions.position}`}>
            <ParticipantGrid client={client} languages={languages} onError={tell} />
            {captions.on ? <Captions client={client} preferences={captions} /> : null}
          </div>
        ) : null}
        {showsTranscript ? <TranscriptPanel client={client} onClose={() => setShowsTranscript(false)} /> : null}
      </main>
      <ControlBar
        session={session}
        showsTranscript={showsTranscript}
        onTranscript={toggleTranscript}
        onCaptions={toggleCaptions}
        onMute={toggleMute}
        onSettings={() => setShowsSettings(true)}
        onLeave={onLeave}
        onSpeak={onSpeak}
        onError={tell}
        onSuccess={clear}
      />
      {captions.announce ? <Announcer client={client} /> : null}
      {showsSettings ? (
        <Suspense>
          <SettingsDrawer session={session} onClose={() => setShowsSettings(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}
