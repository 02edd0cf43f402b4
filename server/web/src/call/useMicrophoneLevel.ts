import type { MicrophoneLevel } from '@parley/client-sdk';
import { useEffect, useState } from 'react';
import type { Session } from '../hooks/useMeeting.js';
import { useMicrophoneChanges } from '../hooks/useMicrophone.js';

/**
 * How one's own microphone is set, as the server hears it; `good` until it says otherwise, and while it is off. The server takes
 * back what has changed: after a change of the device, too, once it has heard enough.
 */
export function useMicrophoneLevel({ client, microphone }: Session): MicrophoneLevel {
  const [level, setLevel] = useState<MicrophoneLevel>('good');
  useMicrophoneChanges(microphone);
  useEffect(() => {
    setLevel('good');
    const offs = [
      client.on('trackActivity', ({ participantId, activity }) => {
        if (participantId !== client.self?.participantId || activity.type !== 'microphoneChecked') return;
        setLevel(activity.level);
      }),
      client.on('meetingChanged', () => setLevel('good')),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [client]);
  return microphone === undefined || microphone.muted ? 'good' : level;
}
