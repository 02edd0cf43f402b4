import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isRtcp, parseRtpPacket, type RtpPacket } from './rtp/index.js';

/** What the kernel may hold while this process is busy; past that it drops, and the jitter buffer sees a loss. */
const RECEIVE_BUFFER_BYTES = 1 << 20;
/** Rounds of the event loop in which a full socket is read out, at most: libuv takes 32 packets a round. */
const MAX_READ_ROUNDS = 64;

/** A UDP socket on loopback for RTP. */
export class RtpSocket {
  readonly #socket: Socket;
  #received = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // A connected socket reports ICMP "port unreachable" when the SFU's side is gone; the supervisor of that side acts.
    socket.on('error', () => {});
  }

  /** @throws Error of the system, e.g. where no port is free */
  static async open(): Promise<RtpSocket> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RtpSocket(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /**
   * Begins to read; to be called once.
   * @param onPacket undefined: what came is not RTP. RTCP is left out
   */
  listen(onPacket: (packet: RtpPacket | undefined) => void): void {
    this.#socket.on('message', (data) => {
      this.#received += 1;
      if (isRtcp(data)) return;
      const parsed = parseRtpPacket(data);
      onPacket(parsed.ok ? parsed.packet : undefined);
    });
  }

  /** From now on the kernel drops what comes from anywhere else. */
  async connect(remotePort: number): Promise<void> {
    this.#socket.connect(remotePort, '127.0.0.1');
    await once(this.#socket, 'connect');
  }

  /** Resolves when the packets that are in the socket by now have been read. */
  readOut(): Promise<void> {
    return new Promise((resolve) => {
      let rounds = 0;
      // From one of these to the next, the event loop has been to the socket once.
      const next = (before: number) => {
        if (this.#received === before || rounds === MAX_READ_ROUNDS) return resolve();
        rounds += 1;
        const received = this.#received;
        setImmediate(() => next(received));
      };
      setImmediate(() => next(Number.NaN));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
