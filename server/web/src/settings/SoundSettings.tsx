import type { LocalMicrophone, ParleyClient } from '@parley/client-sdk';
import { useEffect, useReducer, useState } from 'react';
import { Banner } from '../design/Banner.js';
import { SelectField, Switch } from '../design/fields.js';
import type { Session } from '../hooks/useMeeting.js';
import { chosenDevice, useMicrophoneChanges, useMicrophones } from '../hooks/useMicrophone.js';
import { useProblem } from '../hooks/useProblem.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';
import { MicrophoneSelect } from './MicrophoneSelect.js';
import { changePreferences, usePreferences } from './usePreferences.js';

/** Microphone and loudspeaker. */
export function SoundSettings({ session }: { session: Session }) {
  const spoken = useText();
  const { settings } = spoken.text;
  const { pushToTalk } = usePreferences();
  const { problem, tell, clear } = useProblem();
  const done = (promise: Promise<void>) => void promise.then(clear, tell);
  return (
    <section aria-labelledby="sound-settings">
      <h3 id="sound-settings">{settings.sound}</h3>
      {session.microphone === undefined ? null : <MicrophoneSettings microphone={session.microphone} onChange={done} />}
      <Switch
        label={settings.pushToTalk}
        hint={settings.pushToTalkHint}
        checked={pushToTalk}
        onChange={(on) => changePreferences({ pushToTalk: on })}
      />
      <SpeakerSelect client={session.client} onChange={done} />
      {problem === undefined ? null : (
        <Banner tone="bad" urgent testId="sound-error" code={problem.code}>
          {errorText(problem, spoken)}
        </Banner>
      )}
    </section>
  );
}

const PROCESSING = ['echoCancellation', 'noiseSuppression', 'autoGainControl'] as const;

function MicrophoneSettings(props: { microphone: LocalMicrophone; onChange: (change: Promise<void>) => void }) {
  const { microphone, onChange } = props;
  const { settings } = useText().text;
  const microphones = useMicrophones(microphone);
  useMicrophoneChanges(microphone);
  // A browser that changes these on an open track emits no event.
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  return (
    <>
      <MicrophoneSelect
        microphones={microphones}
        deviceId={chosenDevice(microphone, microphones)}
        onChoose={(deviceId) => onChange(microphone.setDevice(deviceId))}
      />
      {PROCESSING.map((name) => (
        <Switch
          key={name}
          label={settings[name]}
          checked={microphone.processing[name]}
          data-testid={`${name}-switch`}
          onChange={(on) => onChange(microphone.setProcessing({ [name]: on }).finally(redraw))}
        />
      ))}
    </>
  );
}

/** Only if the browser supports a choice. */
function SpeakerSelect({ client, onChange }: { client: ParleyClient; onChange: (change: Promise<void>) => void }) {
  const { settings } = useText().text;
  const [speakers, setSpeakers] = useState<readonly { deviceId: string; label: string }[]>([]);
  const [deviceId, setDeviceId] = useState(client.audio.outputDeviceId);
  useEffect(() => {
    let ended = false;
    client.audio.listSpeakers().then(
      (found) => ended || setSpeakers(found),
      () => {},
    );
    return () => {
      ended = true;
    };
  }, [client]);
  if (speakers.length === 0) return null;
  return (
    <SelectField
      label={settings.speaker}
      data-testid="speaker-select"
      value={deviceId}
      onChange={(event) => {
        setDeviceId(event.target.value);
        const chosen = client.audio.setOutputDevice(event.target.value);
        // An unavailable device is not shown as chosen.
        onChange(chosen.finally(() => setDeviceId(client.audio.outputDeviceId)));
      }}
    >
      <option value="">{settings.defaultSpeaker}</option>
      {speakers
        .filter((speaker) => speaker.deviceId !== 'default' && speaker.deviceId !== '')
        .map((speaker) => (
          <option key={speaker.deviceId} value={speaker.deviceId}>
            {speaker.label}
          </option>
        ))}
    </SelectField>
  );
}
