import { useMemo, useSyncExternalStore } from 'react';
import type { ParleyClientEvents } from '../clientEvents.js';
import type { RoomClient } from '../RoomClient.js';

type EventName = keyof ParleyClientEvents;

/** How to read a value from a client, and when it may have changed. Create it once, outside of components. */
export interface ClientValue<Client, Value> {
  /** The value without a client. */
  none: Value;
  read: (client: Client) => Value;
  /** Events after which the value may have changed. State changes are always included. */
  changedBy: readonly EventName[];
  /** Whether a component would show two values the same way. Default: `Object.is`. */
  isSame?: (a: Value, b: Value) => boolean;
}

/** A value of a client, kept up to date. An unchanged value stays the same object, which avoids needless renders. */
export function useClientValue<Client extends RoomClient, Value>(
  client: Client | undefined,
  value: ClientValue<Client, Value>,
): Value {
  const store = useMemo(() => storeOf(client, value), [client, value]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
}

function storeOf<Client extends RoomClient, Value>(client: Client | undefined, value: ClientValue<Client, Value>) {
  const { none, read, changedBy, isSame = Object.is } = value;
  let snapshot = none;
  return {
    subscribe: (listener: () => void) =>
      client === undefined ? () => {} : subscribeTo(client, { names: [...changedBy, 'stateChanged'], listener }),
    getSnapshot: () => {
      const next = client === undefined ? none : read(client);
      if (!isSame(snapshot, next)) snapshot = next;
      return snapshot;
    },
  };
}

/** @returns a function that unsubscribes */
export function subscribeTo(
  client: RoomClient,
  { names, listener }: { names: readonly EventName[]; listener: () => void },
): () => void {
  const offs = names.map((name) => client.on(name, () => listener()));
  return () => {
    for (const off of offs) off();
  };
}

/** Whether two lists contain the same items in the same order. */
export function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
