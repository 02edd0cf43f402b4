import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import { isLoopback } from '../config/loopback.js';
import type { Settings } from '../config/settings.js';
import { listenHost, serverNames } from '../edge/addresses.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import type { SignalingServer } from '../signaling/SignalingServer.js';
import type { Edge } from './startEdge.js';

/** The parts that a running server reports on. */
export interface ServerParts {
  settings: Settings;
  edge: Edge;
  media: MediaNode;
  rooms: RoomRegistry;
  signaling: SignalingServer;
  joinSecret: string | undefined;
  /** Description of the ways to sign in. */
  authentication: string;
  transcription: () => TranscriptionStatus;
  modelDetail: string | undefined;
  /** Ends all parts in reverse order. */
  closing: AsyncDisposableStack;
}

function fingerprintOf(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256;
}

/** A running server: its addresses, model and identities. Created by `startServer`. */
export class Server {
  readonly #parts: ServerParts;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** The address to open on this machine. */
  get url(): string {
    const host = listenHost(this.#parts.settings);
    return this.#parts.edge.listener.urlOf(
      host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host,
    );
  }

  /** Addresses for other machines; empty on loopback. */
  get networkUrls(): string[] {
    return serverNames(this.#parts.settings)
      .filter((name) => !isLoopback(name))
      .map((name) => this.#parts.edge.listener.urlOf(name));
  }

  get settings(): Settings {
    return this.#parts.settings;
  }

  get joinSecret(): string | undefined {
    return this.#parts.joinSecret;
  }

  get transcription(): TranscriptionStatus {
    return this.#parts.transcription();
  }

  /** Why the model is not the first choice of `auto`, with addresses: only for the operator. */
  get modelDetail(): string | undefined {
    return this.#parts.modelDetail;
  }

  get authentication(): string {
    return this.#parts.authentication;
  }

  /** File of the certificate authority of a development certificate. */
  get certificateAuthority(): string | undefined {
    return this.#parts.edge.certificate?.caPath;
  }

  /** SHA-256 of a development certificate, as browsers show it, and of its authority; undefined for any other. */
  get fingerprints(): { certificate: string; authority: string } | undefined {
    const { certPath, caPath } = this.#parts.edge.certificate ?? {};
    if (certPath === undefined || caPath === undefined) return undefined;
    return { certificate: fingerprintOf(certPath), authority: fingerprintOf(caPath) };
  }

  /** Process ids of all child processes, for operators and tests. */
  get childPids(): ReturnType<() => MediaNode['pids']> {
    return this.#parts.media.pids;
  }

  /** @internal for `@parley/server/testing` */
  get parts(): ServerParts {
    return this.#parts;
  }

  /** Notifies everyone, transcribes what was said, and ends all child processes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#parts.closing.disposeAsync();
    return this.#closing;
  }
}
