type Listener<Payload extends unknown[]> = (...payload: Payload) => void;

/** A map of event names to what their listeners are called with, e.g. `{ joined: [event: { name: string }]; left: [] }`. */
export type EventMap<Events> = { [Name in keyof Events]: unknown[] };

/** Listeners by event, typed by a map of event names to what they carry. A listener that throws harms nobody else. */
export class TypedEmitter<Events extends EventMap<Events>> {
  /** By the listener as it was given, so that `off` finds what `once` has wrapped. */
  readonly #listeners = new Map<keyof Events, Map<Listener<never>, Listener<never>>>();

  /** Adding a listener twice is adding it once. @returns a function that takes the listener off again */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    return this.#add(name, { listener, call: listener });
  }

  /** As `on`, for the next event only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const call = (...payload: Events[Name]) => {
      this.off(name, listener);
      listener(...payload);
    };
    return this.#add(name, { listener, call });
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners.get(name)?.delete(listener);
  }

  protected emit<Name extends keyof Events>(name: Name, ...payload: Events[Name]): void {
    for (const call of [...(this.#listeners.get(name)?.values() ?? [])]) {
      try {
        (call as Listener<Events[Name]>)(...payload);
      } catch (error) {
        // A bug of the application: shown where applications look for it, without breaking the call.
        report(error);
      }
    }
  }

  /** For what costs something to find out. */
  protected hasListeners(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  protected removeAllListeners(): void {
    this.#listeners.clear();
  }

  #add<Name extends keyof Events>(
    name: Name,
    entry: { listener: Listener<Events[Name]>; call: Listener<Events[Name]> },
  ): () => void {
    const listeners = this.#listeners.get(name) ?? new Map<Listener<never>, Listener<never>>();
    this.#listeners.set(name, listeners);
    listeners.set(entry.listener, entry.call);
    return () => this.off(name, entry.listener);
  }
}

function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
