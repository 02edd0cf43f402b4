import type { Socket } from 'socket.io';
import type { Outbox } from './Outbox.js';

type Connection = Socket['conn'];

/** Internals of engine.io that its types do not show. */
interface Insides {
  writeBuffer: unknown[];
  /** From the `ws` package. */
  transport: { socket?: { terminate(): void } };
}

export interface WatchedSocket {
  /** Discards what was not yet passed to the transport. */
  discardQueued(): void;
  /** Calls back once, when nothing waits any more. */
  onceEmpty(call: () => void): void;
  /** Closes without waiting for the client. */
  terminate(): void;
}

/**
 * Reports to an outbox what a connection was passed and what has left it. The only code that depends on engine.io's internals: engine.io
 * moves its whole queue to the transport when the previous batch has left (`flush`), and the transport emits `drain` when the operating
 * system has accepted a batch. The connection's own event `drain` and `ws.bufferedAmount` do not include the queue.
 */
export function watchSocket(options: { connection: Connection; outbox: Outbox }): WatchedSocket {
  const { connection, outbox } = options;
  const insides = connection as unknown as Insides;
  connection.on('packetCreate', ({ data }: { data?: string | Buffer }) =>
    outbox.handedOver(data === undefined ? 0 : Buffer.byteLength(data)),
  );
  connection.on('flush', () => outbox.flushed());
  // The transport never changes: websocket only, so there are no upgrades.
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
