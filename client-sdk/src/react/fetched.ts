import { useEffect, useState } from 'react';
import type { ParticipantLedger, SettingsView } from '../protocol/index.js';
import type { RoomClient } from '../RoomClient.js';
import { subscribeTo } from './useClientValue.js';

/**
 * Everyone's audio ledgers: what became of every millisecond of their audio, kept up to date. Empty without the right to read the
 * transcript.
 */
export function useLedgers(client: RoomClient | undefined): readonly ParticipantLedger[] {
  const [ledgers, setLedgers] = useState<readonly ParticipantLedger[]>([]);
  useEffect(() => {
    setLedgers([]);
    if (client === undefined) return;
    let ended = false;
    const fetchAll = () => {
      if (client.state !== 'joined') return;
      // If this fails, the notifications rebuild the list.
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
 * The current settings: the room's, the participant's own, and the available choices, kept up to date. Undefined until they are fetched.
 * @param client undefined while the panel is closed: nothing is fetched
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
        // An answer to an older request is ignored: it is out of date.
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
