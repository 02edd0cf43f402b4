import { useMemo, useSyncExternalStore } from 'react';
import type { ParleyClientEvents } from '../clientEvents.js';
import type { RoomClient } from '../RoomClient.js';

type EventName = keyof ParleyClientEvents;

/** How a value is read from a client, and when it may be another one. To be made once, outside of components. */
export interface ClientValue<Client, Value> {
  /** Without a client. */
  none: Value;
  read: (client: Client) => Value;
  /** Events after which the value may be another one; a join and a leave are always among them. */
  changedBy: readonly EventName[];
  /** Whether two values are the same to those who show them. Default: `Object.is`. */
  isSame?: (a: Value, b: Value) => boolean;
}

/** A value of a client, kept current. A value that is the same stays the same object, so that nothing is rendered in vain. */
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

/** @returns a function that ends it */
export function subscribeTo(
  client: RoomClient,
  { names, listener }: { names: readonly EventName[]; listener: () => void },
): () => void {
  const offs = names.map((name) => client.on(name, () => listener()));
  return () => {
    for (const off of offs) off();
  };
}

/** Lists of the same things in the same order. */
export function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
