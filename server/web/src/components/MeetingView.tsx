import { captureMicrophone, listMicrophones, type Microphone, ParleyError } from '@parley/client-sdk';
import { useCallback, useEffect, useState } from 'react';
import { useAccess, useClientState, useTranscript, useTranscription } from '../hooks/useClient.js';
import type { Session } from '../hooks/useMeeting.js';
import { engineText } from '../text.js';
import { Captions } from './Captions.js';
import { Coverage } from './Coverage.js';
import { EngineBanner } from './EngineBanner.js';
import { MicrophonePicker } from './MicrophonePicker.js';
import { Participants } from './Participants.js';
import { SettingsPanel } from './SettingsPanel.js';
import { Transcript } from './Transcript.js';

const STATE_TEXTS: Partial<Record<string, string>> = {
  joined: 'connected',
  reconnecting: 'connection lost, trying again…',
};

export function MeetingView(props: {
  session: Session;
  notice: ParleyError | undefined;
  onLeave: () => void;
  onSpeak: () => Promise<void>;
}) {
  const { session, onLeave, onSpeak } = props;
  const { client, publication, room } = session;
  const [muted, setMuted] = useState(publication?.muted ?? false);
  const [microphones, setMicrophones] = useState<Microphone[]>([]);
  const [deviceId, setDeviceId] = useState('');
  const [blocked, setBlocked] = useState(false);
  const [problem, setProblem] = useState<ParleyError>();
  const state = useClientState(client);
  const segments = useTranscript(client);
  const transcription = useTranscription(client);
  const { moderates, locked } = useAccess(client);
  const notice = problem ?? props.notice;

  const onError = (error: unknown) => setProblem(asError(error));

  useEffect(() => client.on('mutedByModerator', () => setMuted(true)), [client]);
  useEffect(() => client.audio.on('playbackBlocked', () => setBlocked(true)), [client]);
  useEffect(() => {
    if (publication !== undefined) listMicrophones().then(setMicrophones, () => setMicrophones([]));
  }, [publication]);

  const toggleMute = useCallback(() => {
    if (publication === undefined) return;
    const next = !publication.muted;
    setMuted(next);
    (next ? publication.mute() : publication.unmute()).catch((error: unknown) => setProblem(asError(error)));
  }, [publication]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
      if (event.key === 'm' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) toggleMute();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [toggleMute]);

  const switchMicrophone = async (next: string) => {
    setDeviceId(next);
    try {
      const track = await captureMicrophone({ deviceId: next });
      const old = publication?.track;
      await publication?.replaceTrack(track);
      old?.stop();
      setProblem(undefined);
    } catch (error) {
      setProblem(asError(error));
    }
  };

  return (
    <div className="meeting">
      <header>
        <div>
          <h1>{room}</h1>
          <p className="small">
            <span data-testid="state" data-state={state} role="status">
              {STATE_TEXTS[state] ?? state}
            </span>
            {locked ? ' · locked' : ''}
            {transcription === undefined ? null : ` · ${engineText(transcription)}`}
          </p>
        </div>
        <div className="controls">
          {publication === undefined ? (
            <button
              type="button"
              data-testid="speak-button"
              onClick={() =>
                onSpeak().then(
                  () => setProblem(undefined),
                  (error: unknown) => setProblem(asError(error)),
                )
              }
            >
              Turn the microphone on
            </button>
          ) : (
            <button
              type="button"
              data-testid="mute-button"
              aria-pressed={muted}
              aria-keyshortcuts="m"
              title="Key: m"
              className={muted ? 'muted' : ''}
              onClick={toggleMute}
            >
              {muted ? 'Unmute' : 'Mute'}
            </button>
          )}
          <button type="button" data-testid="leave-button" className="danger" onClick={onLeave}>
            Leave
          </button>
        </div>
      </header>
      {transcription === undefined ? null : <EngineBanner transcription={transcription} />}
      {notice === undefined ? null : (
        <p className="error" role="alert" data-testid="error" data-code={notice.code}>
          {notice.message}
        </p>
      )}
      {blocked ? (
        <button
          type="button"
          className="primary"
          onClick={() => {
            setBlocked(false);
            void client.audio.resume();
          }}
        >
          Click to hear the others
        </button>
      ) : null}
      <Captions segments={segments} />
      <div className="columns">
        <aside>
          <Participants client={client} onError={onError} />
          {publication === undefined ? null : (
            <MicrophonePicker
              microphones={microphones}
              deviceId={deviceId}
              onChoose={(next) => void switchMicrophone(next)}
              listenOnly={false}
            />
          )}
          {moderates ? (
            <div className="controls">
              <button
                type="button"
                data-testid="lock-button"
                aria-pressed={locked}
                onClick={() => client.setRoomLocked(!locked).catch(onError)}
              >
                {locked ? 'Open the room' : 'Lock the room'}
              </button>
              <button
                type="button"
                className="danger"
                data-testid="end-button"
                onClick={() => client.endMeeting().catch(onError)}
              >
                End for all
              </button>
            </div>
          ) : null}
          <Coverage client={client} />
          <SettingsPanel client={client} />
        </aside>
        <Transcript segments={segments} />
      </div>
    </div>
  );
}

function asError(error: unknown): ParleyError {
  return error instanceof ParleyError ? error : new ParleyError('INTERNAL', { cause: error });
}
