import type { LocalMicrophone, ParleyClient } from '@parley/client-sdk';
import { useParticipants } from '@parley/client-sdk/react';
import { useEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../design/Button.js';
import { Switch } from '../design/fields.js';
import { ChevronIcon, HandIcon, MicrophoneIcon, MicrophoneOffIcon } from '../design/icons.js';
import { Popover } from '../design/Popover.js';
import { useFocusHeir } from '../hooks/useFocusHeir.js';
import type { Session } from '../hooks/useMeeting.js';
import { chosenDevice, useLevel, useMicrophoneChanges, useMicrophones } from '../hooks/useMicrophone.js';
import { useHeldSpace } from '../hooks/useShortcuts.js';
import { useText } from '../i18n/I18n.js';
import { MicrophoneSelect } from '../settings/MicrophoneSelect.js';
import { changePreferences, usePreferences } from '../settings/usePreferences.js';

/** The participant's microphone: mute, unmute, push to talk, choice of device. */
export function MicrophoneControl(props: {
  session: Session;
  onMute: () => void;
  onSpeak: () => Promise<void>;
  onError: (error: unknown) => void;
  onSuccess: () => void;
}) {
  const { session, onMute, onSpeak, onError, onSuccess } = props;
  const { client, microphone } = session;
  const self = useParticipants(client).find(({ participantId }) => participantId === client.self?.participantId);
  if (self?.mutedByModerator === true)
    return <AskButton client={client} asks={self.asksToSpeak === true} onError={onError} />;
  if (microphone === undefined) return <SpeakButton onSpeak={() => onSpeak().then(onSuccess, onError)} />;
  return (
    <div className="microphone-control">
      <TalkButton microphone={microphone} onMute={onMute} onError={onError} />
      <MicrophoneOptions microphone={microphone} onError={onError} />
    </div>
  );
}

/** Id of the button that replaces the other. */
const TALK_ID = 'talk-button';
const ASK_ID = 'ask-button';

/** For participants whom a moderator muted: they cannot unmute, only ask to speak. */
function AskButton(props: { client: ParleyClient; asks: boolean; onError: (error: unknown) => void }) {
  const { client, asks, onError } = props;
  const { call } = useText().text;
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId: TALK_ID });
  return (
    <Button
      ref={button}
      id={ASK_ID}
      className={asks ? 'control live' : 'control muted'}
      icon={<HandIcon />}
      aria-pressed={asks}
      data-testid="ask-button"
      onClick={() => void client.askToSpeak(!asks).catch(onError)}
    >
      {call.askToSpeak}
    </Button>
  );
}

/** For participants without a microphone. Keeps the focus while the browser asks for permission. */
function SpeakButton({ onSpeak }: { onSpeak: () => Promise<void> }) {
  const { call } = useText().text;
  const [pending, setPending] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId: TALK_ID });
  return (
    <Button
      ref={button}
      className="control"
      icon={<MicrophoneOffIcon />}
      aria-disabled={pending}
      data-testid="speak-button"
      onClick={() => {
        if (pending) return;
        setPending(true);
        void onSpeak().finally(() => setPending(false));
      }}
    >
      {call.speak}
    </Button>
  );
}

function TalkButton(props: { microphone: LocalMicrophone; onMute: () => void; onError: (error: unknown) => void }) {
  const { microphone, onMute, onError } = props;
  const { call } = useText().text;
  const { pushToTalk, shortcuts } = usePreferences();
  const level = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useFocusHeir({ element: button, heirId: ASK_ID });
  useMicrophoneChanges(microphone);
  const { muted } = microphone;
  useLevel(muted ? undefined : microphone, level);

  useEffect(() => microphone.setPushToTalk(pushToTalk), [microphone, pushToTalk]);
  const press = () => void microphone.press().catch(onError);
  const release = () => microphone.release();
  useHeldSpace({ onPress: press, onRelease: release }, pushToTalk);

  const icon = (
    <span className="level-icon" ref={level}>
      {muted ? <MicrophoneOffIcon /> : <MicrophoneIcon />}
    </span>
  );
  return pushToTalk ? (
    <Button
      ref={button}
      id={TALK_ID}
      className={muted ? 'control' : 'control live'}
      icon={icon}
      title={`${call.holdToTalk} (${call.spaceKey})`}
      aria-pressed={!muted}
      data-testid="talk-button"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        press();
      }}
      onPointerUp={release}
      onPointerCancel={release}
      onKeyDown={(event) => {
        if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) press();
      }}
      onKeyUp={(event) => {
        if (event.key === ' ' || event.key === 'Enter') release();
      }}
      onBlur={release}
      onContextMenu={(event) => event.preventDefault()}
    >
      {muted ? call.holdToTalk : call.talking}
    </Button>
  ) : (
    <Button
      ref={button}
      id={TALK_ID}
      className={muted ? 'control muted' : 'control live'}
      icon={icon}
      title={shortcuts ? `${muted ? call.unmute : call.mute} (M)` : undefined}
      aria-pressed={muted}
      aria-keyshortcuts={shortcuts ? 'm' : undefined}
      data-testid="mute-button"
      onClick={onMute}
    >
      {muted ? call.unmute : call.mute}
    </Button>
  );
}

function MicrophoneOptions({
  microphone,
  onError,
}: {
  microphone: LocalMicrophone;
  onError: (error: unknown) => void;
}) {
  const { text } = useText();
  const { pushToTalk } = usePreferences();
  const microphones = useMicrophones(microphone);
  useMicrophoneChanges(microphone);
  return (
    <Popover
      label={text.call.microphoneOptions}
      trigger={(trigger) => (
        <IconButton
          className="control-options"
          label={text.call.microphoneOptions}
          icon={<ChevronIcon />}
          data-testid="microphone-options"
          {...trigger}
        />
      )}
    >
      {() => (
        <>
          <MicrophoneSelect
            microphones={microphones}
            deviceId={chosenDevice(microphone, microphones)}
            onChoose={(deviceId) => void microphone.setDevice(deviceId).catch(onError)}
          />
          <Switch
            label={text.settings.pushToTalk}
            hint={text.settings.pushToTalkHint}
            checked={pushToTalk}
            data-testid="push-to-talk-switch"
            onChange={(on) => changePreferences({ pushToTalk: on })}
          />
        </>
      )}
    </Popover>
  );
}
