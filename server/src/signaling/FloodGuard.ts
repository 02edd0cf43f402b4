import type { EventEmitter } from 'node:events';
import type { TrafficMeter } from '../edge/TrafficMeter.js';

/** The part of an engine.io connection that is needed here. */
export interface MeteredConnection {
  /** The request of the upgrade; its socket is the TCP connection. */
  request: { socket: Pick<EventEmitter, 'on'> };
  transport: {
    /** A `WebSocket` of the `ws` package. */
    socket: Pick<EventEmitter, 'on' | 'prependListener' | 'removeAllListeners'> & {
      pause(): void;
      terminate(): void;
    };
  };
}

export interface FloodGuardOptions {
  /** Makes a meter for a WebSocket. */
  meter: () => TrafficMeter;
  later: (delayMs: number, action: () => void) => void;
}

/** Time for the farewell to be sent before the connection is closed. */
const FAREWELL_MS = 100;

/**
 * Counts what arrives over each WebSocket, below socket.io. Requests have limits of their own, but unrequested acks, heartbeats and
 * WebSocket pings cost as much to read, and no handler sees them. A WebSocket that floods is no longer read, and closed.
 */
export class FloodGuard {
  readonly #options: FloodGuardOptions;
  readonly #farewells = new WeakMap<object, () => void>();

  constructor(options: FloodGuardOptions) {
    this.#options = options;
  }

  /** Call when the WebSocket opens. */
  watch(connection: MeteredConnection): void {
    const { meter: meterOf, later } = this.#options;
    const { socket } = connection.transport;
    const meter = meterOf();
    let flooded = false;
    const flood = (farewell: (() => void) | undefined) => {
      if (flooded) return;
      flooded = true;
      // Packets that were already read are discarded.
      socket.removeAllListeners('message');
      if (farewell === undefined) return socket.terminate();
      socket.pause();
      farewell();
      later(FAREWELL_MS, () => socket.terminate());
    };
    const packet = () => {
      if (!meter.takePacket()) flood(this.#farewells.get(connection));
    };
    socket.prependListener('message', packet);
    // Browsers do not send these. `ws` answers them while reading, so only closing helps.
    const frame = () => {
      if (!meter.takePacket()) flood(undefined);
    };
    socket.on('ping', frame);
    socket.on('pong', frame);
    connection.request.socket.on('data', (chunk: Buffer) => {
      if (!meter.takeBytes(chunk.length)) flood(this.#farewells.get(connection));
    });
  }

  /** Sets what is called before a connection that floods is closed. */
  onFlood(connection: object, farewell: () => void): void {
    this.#farewells.set(connection, farewell);
  }
}
