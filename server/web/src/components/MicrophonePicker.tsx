import type { Microphone } from '@parley/client-sdk';
import { LISTEN_ONLY } from '../hooks/useMicrophone.js';

export function MicrophonePicker(props: {
  microphones: Microphone[];
  deviceId: string;
  onChoose: (deviceId: string) => void;
  /** Offer to join without one. */
  listenOnly: boolean;
}) {
  const { microphones, deviceId, onChoose, listenOnly } = props;
  return (
    <label className="field">
      Microphone
      <select data-testid="microphone-select" value={deviceId} onChange={(event) => onChoose(event.target.value)}>
        <option value="">Default microphone</option>
        {microphones
          .filter((microphone) => microphone.deviceId !== 'default')
          .map((microphone) => (
            <option key={microphone.deviceId} value={microphone.deviceId}>
              {microphone.label}
            </option>
          ))}
        {listenOnly ? <option value={LISTEN_ONLY}>None: I only listen and read</option> : null}
      </select>
    </label>
  );
}
