import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { LocalSfuRoom, type MediaNode, MediasoupWorkerPool } from '@parley/media/node';

type Router = Awaited<ReturnType<MediasoupWorkerPool['createRouter']>>['router'];

/**
 * The real SFU, whose transports take plain RTP from this machine where a browser's take ICE, DTLS and SRTP. So a test can send any packets at
 * any rate, and everything behind the transport is what runs in a meeting.
 */
export class PlainSfu {
  readonly #pool: MediasoupWorkerPool;
  /** Where each transport listens. */
  readonly #ports = new Map<string, number>();

  private constructor(pool: MediasoupWorkerPool) {
    this.#pool = pool;
  }

  static async create(): Promise<PlainSfu> {
    const workerBinary = process.env.PARLEY_MEDIASOUP_WORKER;
    const pool = await MediasoupWorkerPool.create({
      workers: 1,
      addresses: [{ ip: '127.0.0.1' }],
      firstPort: 0,
      ...(workerBinary === undefined ? {} : { workerBinary }),
    });
    return new PlainSfu(pool);
  }

  /** A node that has this SFU for its own; closes it, too. */
  within(node: MediaNode): MediaNode {
    const workers = { createRouter: () => this.#createRouter() } as unknown as MediasoupWorkerPool;
    return overriding(node, {
      createSfuRoom: (options: Parameters<MediaNode['createSfuRoom']>[0]) =>
        LocalSfuRoom.create({ workers, ...options }),
      close: async () => {
        this.#pool.close();
        await node.close();
      },
    });
  }

  /** A socket that sends to a transport, and is sent what that has to send. */
  async socketTo(transportId: string): Promise<Socket> {
    const socket = createSocket('udp4');
    socket.connect(this.#ports.get(transportId) ?? 0, '127.0.0.1');
    await once(socket, 'connect');
    // The transport may be closed while something is still sent to it.
    socket.on('error', () => {});
    return socket;
  }

  async #createRouter() {
    const placed = await this.#pool.createRouter();
    const { router } = placed;
    const createWebRtcTransport = async () => {
      const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const;
      const transport = await router.createPlainTransport({ listenInfo, rtcpMux: true, comedia: true });
      this.#ports.set(transport.id, transport.tuple.localPort);
      return transport;
    };
    return { ...placed, router: overriding<Router>(router, { createWebRtcTransport }) };
  }
}

/** An object with some of its members replaced; the others work on the object itself. */
function overriding<T extends object>(object: T, members: { [name: string]: unknown }): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (typeof name === 'string' && Object.hasOwn(members, name)) return members[name];
      const member = Reflect.get(target, name, target) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
