import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { Logger } from '../observability/logger.js';
import { versionOf } from '../store/files/keyFile.js';
import type { TlsFiles } from './HttpListener.js';

export interface CertificateWatchOptions {
  files: TlsFiles;
  /** Loads the files. @throws Error if they cannot be used; the previous ones then stay in use */
  use: () => void;
  logger: Pick<Logger, 'info' | 'warn'>;
  time?: TimeSource;
}

const EVERY_MS = 60_000;

/**
 * Checks once a minute whether the certificate was renewed, and loads the new one. It polls because renewals replace files and links, which
 * file watchers miss.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #time: TimeSource;
  #version: string;
  #cancel: CancelTimer = () => {};

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#version = this.#versionNow();
    this.#schedule();
  }

  close(): void {
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel = this.#time.after(EVERY_MS, () => {
      this.#look();
      this.#schedule();
    });
  }

  #look(): void {
    const { use, logger } = this.#options;
    const version = this.#versionNow();
    if (version === this.#version) return;
    // Set before use: files that cannot be used are only tried again when they change, such as when the key follows its certificate.
    this.#version = version;
    try {
      use();
      logger.info('the certificate was renewed: new connections use it');
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      logger.warn({ reason }, 'the new certificate cannot be used: the one before stays in use');
    }
  }

  #versionNow(): string {
    const { certPath, keyPath } = this.#options.files;
    return [certPath, keyPath].map((path) => versionOf(path) ?? 'none').join(' ');
  }
}
