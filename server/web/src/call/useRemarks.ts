import { useCallback, useEffect, useState } from 'react';
import type { Session } from '../hooks/useMeeting.js';
import { type Spoken, useText } from '../i18n/I18n.js';
import { settingNames } from '../settings/settingNames.js';

export interface Remark {
  kind:
    | 'speaking-while-muted'
    | 'mute-lifted'
    | 'you-moderate'
    | 'muted-for-flooding'
    | 'other-muted-for-flooding'
    | 'room-settings-changed'
    | 'microphone-changed'
    | 'transcript-deleted'
    | 'new-meeting';
  text: string;
}

/** Stored as an event, so that its text follows the language of the page. */
type Happening =
  | { kind: Exclude<Remark['kind'], 'microphone-changed' | 'other-muted-for-flooding' | 'room-settings-changed'> }
  | { kind: 'room-settings-changed'; name: string; changed: readonly string[] }
  | { kind: 'other-muted-for-flooding'; name: string }
  | { kind: 'microphone-changed'; label: string };

/** Long enough to be read twice. */
const SHOWN_MS = 8_000;

/** Events that need no answer. The newest one is shown for a while. */
export function useRemarks({ client, microphone }: Session): { remark: Remark | undefined; dismiss: () => void } {
  const spoken = useText();
  const [happening, setHappening] = useState<Happening>();

  // Once for each meeting, and not again with another microphone.
  useEffect(() => {
    if (client.joined?.moderatorKey !== undefined) setHappening({ kind: 'you-moderate' });
  }, [client]);

  useEffect(() => {
    const offs = [
      client.on('muteLifted', () => setHappening({ kind: 'mute-lifted' })),
      client.on('participantMuted', ({ participantId }) => {
        if (participantId === client.self?.participantId) return setHappening({ kind: 'muted-for-flooding' });
        const name = client.participants.get(participantId)?.displayName;
        if (name !== undefined) setHappening({ kind: 'other-muted-for-flooding', name });
      }),
      client.on('settingsChanged', ({ changedBy = '', changed = [] }) => {
        const name = client.participants.get(changedBy)?.displayName;
        if (name !== undefined && changed.length > 0) setHappening({ kind: 'room-settings-changed', name, changed });
      }),
      client.on('transcriptDeleted', () => setHappening({ kind: 'transcript-deleted' })),
      client.on('meetingChanged', () => setHappening({ kind: 'new-meeting' })),
      microphone?.on('speakingWhileMuted', () => setHappening({ kind: 'speaking-while-muted' })),
      microphone?.on('mutedChanged', ({ muted }) => {
        if (!muted) setHappening((shown) => (shown?.kind === 'speaking-while-muted' ? undefined : shown));
      }),
      microphone?.on('deviceChanged', ({ label, cause }) => {
        if (cause !== 'chosen') setHappening({ kind: 'microphone-changed', label });
      }),
    ];
    return () => {
      for (const off of offs) off?.();
    };
  }, [client, microphone]);

  useEffect(() => {
    if (happening === undefined) return;
    const timer = setTimeout(() => setHappening(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [happening]);

  const dismiss = useCallback(() => setHappening(undefined), []);
  const remark = happening === undefined ? undefined : { kind: happening.kind, text: textOf(happening, spoken) };
  return { remark, dismiss };
}

function textOf(happening: Happening, { language, text }: Spoken): string {
  const { status } = text;
  switch (happening.kind) {
    case 'you-moderate':
      return status.youModerate;
    case 'mute-lifted':
      return status.muteLifted;
    case 'muted-for-flooding':
      return status.mutedForFlooding;
    case 'other-muted-for-flooding':
      return status.otherMutedForFlooding(happening.name);
    case 'room-settings-changed':
      return status.roomSettingsChanged(happening.name, settingNames({ changed: happening.changed, language, text }));
    case 'transcript-deleted':
      return status.transcriptDeleted;
    case 'new-meeting':
      return status.newMeeting;
    case 'speaking-while-muted':
      return status.mutedSpeaking;
    case 'microphone-changed':
      return status.microphoneChanged(happening.label);
  }
}
