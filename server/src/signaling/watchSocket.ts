import type { Socket } from 'socket.io';
import type { Outbox } from './Outbox.js';

type Connection = Socket['conn'];

/** What lies behind engine.io's types. */
interface Insides {
  writeBuffer: unknown[];
  /** Of the `ws` package. */
  transport: { socket?: { terminate(): void } };
}

export interface WatchedSocket {
  /** Forgets what was not yet handed to the transport. */
  discardQueued(): void;
  /** Calls once, when nothing waits any more. */
  onceEmpty(call: () => void): void;
  /** Closes without waiting for a client that reads nothing. */
  terminate(): void;
}

/**
 * Tells an outbox what a connection was handed and what of it has left. The one place that knows engine.io from the inside: it
 * moves its whole queue to the transport when the last such lot has left (`flush`), and the transport says `drain` when the
 * operating system has taken a lot. The connection's own event `drain` and `ws.bufferedAmount` know nothing of the queue.
 */
export function watchSocket(options: { connection: Connection; outbox: Outbox }): WatchedSocket {
  const { connection, outbox } = options;
  const insides = connection as unknown as Insides;
  connection.on('packetCreate', ({ data }: { data?: string | Buffer }) =>
    outbox.handedOver(data === undefined ? 0 : Buffer.byteLength(data)),
  );
  connection.on('flush', () => outbox.flushed());
  // There is one transport for life: websocket alone, so nothing is ever upgraded.
  connection.transport.on('drain', () => outbox.drained());
  return {
    discardQueued: () => {
      insides.writeBuffer.length = 0;
    },
    onceEmpty: (call) => {
      const onDrain = () => {
        if (insides.writeBuffer.length > 0) return;
        connection.transport.off('drain', onDrain);
        call();
      };
      connection.transport.on('drain', onDrain);
    },
    terminate: () => insides.transport.socket?.terminate(),
  };
}
