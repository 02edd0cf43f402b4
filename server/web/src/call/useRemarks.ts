import { useCallback, useEffect, useState } from 'react';
import type { Session } from '../hooks/useMeeting.js';
import { useText } from '../i18n/I18n.js';

export interface Remark {
  kind: 'speaking-while-muted' | 'muted-by-moderator' | 'microphone-changed' | 'new-meeting';
  text: string;
}

/** Long enough to be read twice. */
const SHOWN_MS = 8_000;

/** Things that happened and need no answer; the newest one, for a while. */
export function useRemarks({ client, microphone }: Session): { remark: Remark | undefined; dismiss: () => void } {
  const { status } = useText().text;
  const [remark, setRemark] = useState<Remark>();

  useEffect(() => {
    const offs = [
      client.on('mutedByModerator', () => setRemark({ kind: 'muted-by-moderator', text: status.mutedByModerator })),
      client.on('meetingChanged', () => setRemark({ kind: 'new-meeting', text: status.newMeeting })),
      microphone?.on('speakingWhileMuted', () =>
        setRemark({ kind: 'speaking-while-muted', text: status.mutedSpeaking }),
      ),
      microphone?.on('mutedChanged', ({ muted }) => {
        if (!muted) setRemark((shown) => (shown?.kind === 'speaking-while-muted' ? undefined : shown));
      }),
      microphone?.on('deviceChanged', ({ label, cause }) => {
        if (cause !== 'chosen') setRemark({ kind: 'microphone-changed', text: status.microphoneChanged(label) });
      }),
    ];
    return () => {
      for (const off of offs) off?.();
    };
  }, [client, microphone, status]);

  useEffect(() => {
    if (remark === undefined) return;
    const timer = setTimeout(() => setRemark(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [remark]);

  const dismiss = useCallback(() => setRemark(undefined), []);
  return { remark, dismiss };
}
