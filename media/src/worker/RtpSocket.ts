import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isRtcp, parseRtpPacket, type RtpPacket } from './rtp/index.js';

/** What the kernel may hold while this process is busy; beyond that it drops packets, which the jitter buffer sees as loss. */
const RECEIVE_BUFFER_BYTES = 1 << 20;
/** Most rounds of the event loop in which a full socket is read: libuv takes 32 packets a round. */
const MAX_READ_ROUNDS = 64;

/** A UDP socket on loopback for RTP. */
export class RtpSocket {
  readonly #socket: Socket;
  #received = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // A connected socket reports ICMP "port unreachable" if the SFU's side is gone; that side's supervisor handles it.
    socket.on('error', () => {});
  }

  /** @throws Error of the system, e.g. if no port is free */
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
   * Starts to read; call it once.
   * @param onPacket undefined: not an RTP packet. RTCP is left out
   */
  listen(onPacket: (packet: RtpPacket | undefined) => void): void {
    this.#socket.on('message', (data) => {
      this.#received += 1;
      if (isRtcp(data)) return;
      const parsed = parseRtpPacket(data);
      onPacket(parsed.ok ? parsed.packet : undefined);
    });
  }

  /** From now on, the kernel drops packets from anywhere else. */
  async connect(remotePort: number): Promise<void> {
    this.#socket.connect(remotePort, '127.0.0.1');
    await once(this.#socket, 'connect');
  }

  /** Resolves when all packets now in the socket have been read. */
  readOut(): Promise<void> {
    return new Promise((resolve) => {
      let rounds = 0;
      // Between two of these, the event loop has read the socket once.
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
