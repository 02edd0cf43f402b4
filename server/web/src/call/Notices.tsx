import type { LocalMicrophone, ParleyClient, ParleyError, TranscriptionStatus } from '@parley/client-sdk';
import { useClientState, useConnectionQuality, useTranscription } from '@parley/client-sdk/react';
import { useEffect, useState } from 'react';
import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { SpeakerIcon } from '../design/icons.js';
import type { Session } from '../hooks/useMeeting.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';
import { useMicrophoneLevel } from './useMicrophoneLevel.js';
import { useRemarks } from './useRemarks.js';

/** Notices during a meeting, the most serious first. */
export function Notices(props: { session: Session; error: ParleyError | undefined; onDismissError: () => void }) {
  const { session, error, onDismissError } = props;
  const { client, microphone } = session;
  const spoken = useText();
  const { text } = spoken;
  const state = useClientState(client);
  const transcription = useTranscription(client);
  const { remark, dismiss } = useRemarks(session);
  const lost = useMicrophoneLost(microphone);
  const level = useMicrophoneLevel(session);
  const self = client.self?.participantId ?? '';
  const quality = useConnectionQuality(client, self);
  const poor = quality?.level === 'poor' || quality?.level === 'lost';
  return (
    <div className="notices">
      {state === 'reconnecting' ? (
        // Shown by the indicator in the header.
        <Banner tone="warn" announced={false} testId="reconnecting">
          {text.status.reconnectingText}
        </Banner>
      ) : null}
      {error === undefined ? null : (
        <Banner tone="bad" urgent testId="error" code={error.code} onDismiss={onDismissError}>
          {errorText(error, spoken)}
        </Banner>
      )}
      <PlaybackBlocked client={client} />
      {lost ? (
        <Banner tone="bad" urgent testId="microphone-lost">
          {text.status.microphoneLost}
        </Banner>
      ) : null}
      {poor && !lost && state === 'joined' && microphone !== undefined ? (
        <Banner tone="warn" testId="quality-poor">
          {text.status.qualityPoor}
        </Banner>
      ) : null}
      {level === 'good' || lost ? null : (
        <Banner tone="warn" testId={`microphone-${level}`}>
          {level === 'quiet' ? text.status.microphoneQuiet : text.status.microphoneClipping}
        </Banner>
      )}
      {transcription === undefined ? null : <EngineNotices transcription={transcription} />}
      {remark === undefined ? null : (
        <Banner tone="good" testId={remark.kind} onDismiss={dismiss}>
          {remark.text}
        </Banner>
      )}
    </div>
  );
}

/** Notices about the recogniser: demo model, not available, fallback, overloaded. */
function EngineNotices({ transcription }: { transcription: TranscriptionStatus }) {
  const { status } = useText().text;
  const { state, model, reason, degradation } = transcription;
  const degraded = { 1: status.degraded1, 2: status.degraded2, 3: status.degraded3 };
  // The server's explanation is in English.
  const why = reason === undefined ? null : <bdi lang="en">{reason}</bdi>;
  return (
    <>
      {state === 'starting' ? <Banner tone="warn">{status.starting}</Banner> : null}
      {state === 'unavailable' ? (
        <Banner tone="bad" testId="no-captions">
          {status.unavailable} {why}
        </Banner>
      ) : null}
      {degradation === undefined ? null : (
        <Banner tone="warn" testId="degraded">
          {degraded[degradation.level]} <bdi lang="en">{degradation.reason}</bdi>
        </Banner>
      )}
      {state === 'ready' && why !== null ? <Banner tone="warn">{why}</Banner> : null}
      {model.demo ? (
        <Banner tone="warn" testId="demo-banner">
          <strong>{status.demoTitle}</strong> {status.demoText}
        </Banner>
      ) : null}
    </>
  );
}

function PlaybackBlocked({ client }: { client: ParleyClient }) {
  const { status } = useText().text;
  const [blocked, setBlocked] = useState(client.audio.blocked);
  useEffect(() => {
    const offs = [
      client.on('audioPlaybackBlocked', () => setBlocked(true)),
      client.on('audioPlaybackResumed', () => setBlocked(false)),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [client]);
  if (!blocked) return null;
  return (
    <Banner
      tone="warn"
      urgent
      testId="audio-blocked"
      action={
        <Button
          icon={<SpeakerIcon />}
          data-testid="resume-audio-button"
          onClick={() => {
            setBlocked(false);
            void client.resumeAudio();
          }}
        >
          {status.audioResume}
        </Button>
      }
    >
      {status.audioBlocked}
    </Banner>
  );
}

function useMicrophoneLost(microphone: LocalMicrophone | undefined): boolean {
  const [lost, setLost] = useState(false);
  useEffect(() => {
    setLost(microphone?.lost ?? false);
    const offs = [microphone?.on('lost', () => setLost(true)), microphone?.on('recovered', () => setLost(false))];
    return () => {
      for (const off of offs) off?.();
    };
  }, [microphone]);
  return lost;
}
