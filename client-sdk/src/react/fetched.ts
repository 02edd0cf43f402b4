import { useEffect, useState } from 'react';
import type { ParticipantLedger, SettingsView } from '../protocol/index.js';
import type { RoomClient } from '../RoomClient.js';
import { subscribeTo } from './useClientValue.js';

/**
 * The books of everybody's audio: where every millisecond of it went, kept current. Empty without the right to read the transcript.
 */
export function useLedgers(client: RoomClient | undefined): readonly ParticipantLedger[] {
  const [ledgers, setLedgers] = useState<readonly ParticipantLedger[]>([]);
  useEffect(() => {
    setLedgers([]);
    if (client === undefined) return;
    let ended = false;
    const fetchAll = () => {
      if (client.state !== 'joined') return;
      // Without an answer the notifications build the books up again.
      client.getLedger().then(
        (all) => ended || setLedgers(all),
        () => {},
      );
    };
    fetchAll();
    const offs = [
      subscribeTo(client, { names: ['stateChanged'], listener: fetchAll }),
      client.on('meetingChanged', () => setLedgers([])),
      client.on('ledgerUpdated', (update) =>
        setLedgers((all) => [...all.filter((one) => keyOf(one) !== keyOf(update)), update]),
      ),
    ];
    return () => {
      ended = true;
      for (const off of offs) off();
    };
  }, [client]);
  return ledgers;
}

function keyOf({ participantId, track }: { participantId: string; track: string }): string {
  return `${participantId} ${track}`;
}

/**
 * The settings that hold, the room's and one's own, and what there is to choose from; kept current. Undefined until they are there.
 * @param client undefined for a panel that is closed: nothing is asked for
 */
export function useSettings(client: RoomClient | undefined): SettingsView | undefined {
  const [settings, setSettings] = useState<SettingsView>();
  useEffect(() => {
    if (client === undefined) return;
    setSettings(undefined);
    let newest = 0;
    const fetchAll = () => {
      if (client.state !== 'joined') return;
      newest += 1;
      const mine = newest;
      client.getSettings().then(
        // An answer that was overtaken by a newer question says what held before.
        (view) => mine === newest && setSettings(view),
        () => {},
      );
    };
    fetchAll();
    const off = subscribeTo(client, {
      names: ['settingsChanged', 'grantsChanged', 'stateChanged'],
      listener: fetchAll,
    });
    return () => {
      newest = Number.NaN;
      off();
    };
  }, [client]);
  return settings;
}
