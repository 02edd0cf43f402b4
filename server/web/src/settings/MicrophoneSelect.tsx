import type { Microphone } from '@parley/client-sdk';
import { SelectField } from '../design/fields.js';
import { LISTEN_ONLY } from '../hooks/useMicrophone.js';
import { useText } from '../i18n/I18n.js';

export function MicrophoneSelect(props: {
  microphones: readonly Microphone[];
  /** Empty for the default device. */
  deviceId: string;
  onChoose: (deviceId: string) => void;
  /** Adds an option for no microphone. */
  listenOnly?: boolean;
}) {
  const { microphones, deviceId, onChoose, listenOnly = false } = props;
  const { lobby } = useText().text;
  return (
    <SelectField
      label={lobby.microphone}
      data-testid="microphone-select"
      value={deviceId}
      onChange={(event) => onChoose(event.target.value)}
    >
      <option value="">{lobby.defaultMicrophone}</option>
      {microphones
        .filter((microphone) => microphone.deviceId !== 'default')
        .map((microphone) => (
          <option key={microphone.deviceId} value={microphone.deviceId}>
            {microphone.label}
          </option>
        ))}
      {listenOnly ? <option value={LISTEN_ONLY}>{lobby.listenOnly}</option> : null}
    </SelectField>
  );
}
