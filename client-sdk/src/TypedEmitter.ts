type Listener<Payload extends unknown[]> = (...payload: Payload) => void;

/** Maps event names to the arguments of their listeners, e.g. `{ joined: [event: { name: string }]; left: [] }`. */
export type EventMap<Events> = { [Name in keyof Events]: unknown[] };

/** A typed event emitter. A listener that throws does not affect the others. */
export class TypedEmitter<Events extends EventMap<Events>> {
  /** By the original listener, so that `off` also finds those wrapped by `once`. */
  readonly #listeners = new Map<keyof Events, Map<Listener<never>, Listener<never>>>();

  /** Adds a listener. Adding the same one again has no effect. @returns a function that removes it */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    return this.#add(name, { listener, call: listener });
  }

  /** Like `on`, for the next event only. */
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
        // A bug of the application: reported where applications look for it, without breaking the call.
        report(error);
      }
    }
  }

  /** Whether anyone listens, for events that are costly to detect. */
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
