import type { LocalMicrophone } from '@parley/client-sdk';
import { useEffect, useRef, useState } from 'react';
import { MicrophoneIcon } from '../design/icons.js';
import { LISTEN_ONLY, type MicrophoneChoice, useLevel } from '../hooks/useMicrophone.js';
import { errorText } from '../i18n/errorText.js';
import { useText } from '../i18n/I18n.js';
import { MicrophoneSelect } from '../settings/MicrophoneSelect.js';

/** Choice of a microphone with its level, before others can hear it. */
export function MicrophoneCheck({ choice }: { choice: MicrophoneChoice }) {
  const spoken = useText();
  const { lobby } = spoken.text;
  const { microphone, microphones, deviceId, error, choose } = choice;
  const listens = deviceId === LISTEN_ONLY;
  return (
    <div className="microphone-check">
      <MicrophoneSelect microphones={microphones} deviceId={deviceId} onChoose={choose} listenOnly />
      {listens || error !== undefined ? null : <LevelBar microphone={microphone} />}
      {error === undefined || listens ? null : (
        <p className="hint" role="status" data-testid="microphone-error" data-code={error.code}>
          {errorText(error, spoken)} {lobby.micAnyway}
        </p>
      )}
    </div>
  );
}

/** Level that counts as sound, also for a moment afterwards. */
const HEARD_LEVEL = 0.35;
const LOOK_MS = 150;

function LevelBar({ microphone }: { microphone: LocalMicrophone | undefined }) {
  const bar = useRef<HTMLDivElement>(null);
  const { lobby } = useText().text;
  const [heard, setHeard] = useState(false);
  useLevel(microphone, bar);

  useEffect(() => {
    if (microphone === undefined || heard) return;
    const timer = setInterval(() => {
      if (microphone.level() > HEARD_LEVEL) setHeard(true);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [microphone, heard]);

  return (
    <div className="level">
      <MicrophoneIcon />
      <div className="level-bar" ref={bar} role="img" aria-label={lobby.level} data-testid="level-meter" />
      <p className="hint" role="status">
        {heard ? lobby.levelHeard : lobby.levelQuiet}
      </p>
    </div>
  );
}
