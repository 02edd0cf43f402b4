import type { ParleyClient } from '@parley/client-sdk';
import { useEffect, useState } from 'react';

export interface SpokenLanguage {
  /** ISO 639-1. */
  language: string;
  /** 0 to 1. */
  probability: number;
}

const NONE: ReadonlyMap<string, SpokenLanguage> = new Map();

/** Languages detected by the recogniser, by participant, until a participant's segments are in another one. */
export function useSpokenLanguages(client: ParleyClient): ReadonlyMap<string, SpokenLanguage> {
  const [languages, setLanguages] = useState(NONE);
  useEffect(() => {
    setLanguages(NONE);
    const without = (participantId: string, isGone: (found: SpokenLanguage) => boolean) =>
      setLanguages((all) => {
        const found = all.get(participantId);
        if (found === undefined || !isGone(found)) return all;
        return new Map([...all].filter(([id]) => id !== participantId));
      });
    const offs = [
      client.on('trackActivity', ({ participantId, activity }) => {
        if (activity.type !== 'languageDetected') return;
        const { language, probability } = activity;
        setLanguages((all) => new Map(all).set(participantId, { language, probability }));
      }),
      client.transcript.on('segmentUpdated', ({ segment }) => {
        if (segment.status !== 'final' || segment.language === '') return;
        without(segment.participantId, ({ language }) => language !== segment.language);
      }),
      client.on('participantLeft', ({ participantId }) => without(participantId, () => true)),
      client.on('meetingChanged', () => setLanguages(NONE)),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [client]);
  return languages;
}
