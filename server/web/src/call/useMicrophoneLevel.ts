import type { MicrophoneLevel } from '@parley/client-sdk';
import { useEffect, useState } from 'react';
import type { Session } from '../hooks/useMeeting.js';
import { useMicrophoneChanges } from '../hooks/useMicrophone.js';

/**
 * Level of this participant's microphone as measured by the server; `good` until the first measurement and while muted. After a change of
 * the device, the server measures again once there is enough speech.
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
