import { useMemo, useSyncExternalStore } from 'react';
import type { LocalMicrophone, LocalMicrophoneEvents } from '../media/LocalMicrophone.js';

/** State of a microphone. */
export interface MicrophoneState {
  muted: boolean;
  /** Id of the device in use. */
  deviceId: string;
  label: string;
  /** Whether no device is available at the moment. */
  lost: boolean;
}

const CHANGES: readonly (keyof LocalMicrophoneEvents)[] = ['mutedChanged', 'deviceChanged', 'lost', 'recovered'];
const NEVER = () => () => {};

/** The state of a microphone, for a control: muted or not, which device. Undefined without a microphone. */
export function useMicrophone(microphone: LocalMicrophone | undefined): MicrophoneState | undefined {
  const store = useMemo(() => (microphone === undefined ? undefined : storeOf(microphone)), [microphone]);
  const getSnapshot = store?.getSnapshot ?? (() => undefined);
  return useSyncExternalStore(store?.subscribe ?? NEVER, getSnapshot, getSnapshot);
}

function storeOf(microphone: LocalMicrophone) {
  let snapshot: MicrophoneState | undefined;
  return {
    subscribe: (listener: () => void) => {
      const offs = CHANGES.map((name) => microphone.on(name, () => listener()));
      return () => {
        for (const off of offs) off();
      };
    },
    getSnapshot: () => {
      const { muted, deviceId, label, lost } = microphone;
      const isSame =
        snapshot !== undefined &&
        snapshot.muted === muted &&
        snapshot.deviceId === deviceId &&
        snapshot.label === label &&
        snapshot.lost === lost;
      if (!isSame) snapshot = { muted, deviceId, label, lost };
      return snapshot;
    },
  };
}
