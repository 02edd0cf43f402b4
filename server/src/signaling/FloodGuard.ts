import type { EventEmitter } from 'node:events';
import type { TrafficMeter } from '../edge/TrafficMeter.js';

/** What engine.io has of one WebSocket, as far as it is needed here. */
export interface MeteredConnection {
  /** Its TCP connection is that of its upgrade. */
  request: { socket: Pick<EventEmitter, 'on'> };
  transport: {
    /** Of the `ws` package. */
    socket: Pick<EventEmitter, 'on' | 'prependListener' | 'removeAllListeners'> & {
      pause(): void;
      terminate(): void;
    };
  };
}

export interface FloodGuardOptions {
  /** For one more WebSocket. */
  meter: () => TrafficMeter;
  later: (delayMs: number, action: () => void) => void;
}

/** What the client is told must have left before its connection is cut. */
const FAREWELL_MS = 100;

/**
 * Counts what comes over each WebSocket, below socket.io: requests have limits of their own, but acks that nobody asked for, signs of life
 * and WebSocket pings cost as much to read, and nobody sees them. A WebSocket that floods is not read from any more, and cut off.
 */
export class FloodGuard {
  readonly #options: FloodGuardOptions;
  readonly #farewells = new WeakMap<object, () => void>();

  constructor(options: FloodGuardOptions) {
    this.#options = options;
  }

  /** To be called when the WebSocket opens. */
  watch(connection: MeteredConnection): void {
    const { meter: meterOf, later } = this.#options;
    const { socket } = connection.transport;
    const meter = meterOf();
    let flooded = false;
    const flood = (farewell: (() => void) | undefined) => {
      if (flooded) return;
      flooded = true;
      // What has been read already is taken apart, and goes nowhere.
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
    // No browser sends these. They are answered while they are read, so nothing but the end ends that.
    const frame = () => {
      if (!meter.takePacket()) flood(undefined);
    };
    socket.on('ping', frame);
    socket.on('pong', frame);
    connection.request.socket.on('data', (chunk: Buffer) => {
      if (!meter.takeBytes(chunk.length)) flood(this.#farewells.get(connection));
    });
  }

  /** What is to be done for somebody who is known before they are cut off. */
  onFlood(connection: object, farewell: () => void): void {
    this.#farewells.set(connection, farewell);
  }
}
