import type { LocalMicrophone, ParleyClient, ParleyError, TranscriptionStatus } from '@parley/client-sdk';
import {
  useAccess,
  useClientState,
  useConnectionQuality,
  useParticipants,
  useTranscription,
} from '@parley/client-sdk/react';
import { useEffect, useState } from 'react';
import { Banner } from '../design/Banner.js';
import { Button } from '../design/Button.js';
import { MicrophoneIcon, SpeakerIcon } from '../design/icons.js';
import type { Session } from '../hooks/useMeeting.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';
import { RecordNotices } from './RecordNotices.js';
import { useMicrophoneLevel } from './useMicrophoneLevel.js';
import { useRemarks } from './useRemarks.js';
import { WaitingNotice } from './WaitingPeople.js';

/** Notices during a meeting, the most serious first. */
export function Notices(props: {
  session: Session;
  error: ParleyError | undefined;
  onDismissError: () => void;
  onError: (error: unknown) => void;
}) {
  const { session, error, onDismissError, onError } = props;
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
      <WaitingNotice client={client} onError={onError} />
      <Removed client={client} onError={onError} />
      <RecordNotices client={client} onError={onError} />
      <Muting session={session} onError={onError} />
      {poor && !lost && state === 'joined' && microphone !== undefined ? (
        <Banner tone="warn" testId="quality-poor">
          {quality?.level === 'lost' && isFirefoxOnLoopback() ? text.status.firefoxOnLoopback : text.status.qualityPoor}
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

/** For moderators, after a removal: the removed person still has the invitation, and may have passed it on. */
function Removed({ client, onError }: { client: ParleyClient; onError: (error: unknown) => void }) {
  const { call, status } = useText().text;
  const { moderates } = useAccess(client);
  const [offer, setOffer] = useState<'removed' | 'renewed'>();
  useEffect(
    () =>
      client.on('participantLeft', ({ reason }) => {
        if (reason === 'removed') setOffer('removed');
      }),
    [client],
  );
  if (!moderates || offer === undefined) return null;
  const renew = () => client.renewRoomSecret().then(() => setOffer('renewed'), onError);
  return (
    <Banner
      tone="good"
      testId={offer === 'removed' ? 'somebody-removed' : 'secret-renewed'}
      onDismiss={() => setOffer(undefined)}
      action={
        offer === 'removed' ? (
          <Button data-testid="renew-secret-button" onClick={() => void renew()}>
            {call.renewSecret}
          </Button>
        ) : undefined
      }
    >
      {offer === 'removed' ? status.somebodyRemoved : status.secretRenewed}
    </Banner>
  );
}

/** For muted participants: why, and that they cannot end it. For moderators: who asks to speak; of several, who joined first. */
function Muting({ session, onError }: { session: Session; onError: (error: unknown) => void }) {
  const { client } = session;
  const { call, status } = useText().text;
  const participants = useParticipants(client);
  const { moderates } = useAccess(client);
  const self = participants.find(({ participantId }) => participantId === client.self?.participantId);
  const asking = moderates ? participants.find(({ asksToSpeak }) => asksToSpeak === true) : undefined;
  return (
    <>
      {self?.mutedByModerator === true ? (
        <Banner tone="warn" testId="muted-by-moderator">
          {self.asksToSpeak === true ? status.askedToSpeak : status.mutedByModerator}
        </Banner>
      ) : null}
      {asking === undefined ? null : (
        <Banner
          key={asking.participantId}
          tone="good"
          testId="asks-to-speak"
          action={
            <Button
              icon={<MicrophoneIcon />}
              data-testid="let-speak-button"
              onClick={() => void client.liftMute(asking.participantId).catch(onError)}
            >
              {call.liftMute}
            </Button>
          }
        >
          {status.namedAsksToSpeak(asking.displayName)}
        </Banner>
      )}
    </>
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

/** Firefox sends no audio over loopback, which is all that a server without `--lan` uses. */
function isFirefoxOnLoopback(): boolean {
  return /\bFirefox\//.test(navigator.userAgent) && /^(localhost|127\.|\[::1\])/.test(location.hostname);
}
