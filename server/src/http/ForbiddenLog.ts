import type { Logger } from '../observability/logger.js';
import { RepeatFilter } from '../observability/RepeatFilter.js';

const MOST_LINES = 10;
const WINDOW_MS = 60_000;
/** Maximum length of logged values sent by strangers. */
const MOST_CHARACTERS = 256;

/**
 * Logs requests that were refused for their `Host` or `Origin`. The reason is often a name missing in the settings, which the operator must
 * be able to find.
 */
export class ForbiddenLog {
  readonly #logger: Logger;
  readonly #lines: RepeatFilter;

  constructor({ logger }: { logger: Logger }) {
    this.#logger = logger;
    this.#lines = new RepeatFilter({
      most: MOST_LINES,
      windowMs: WINDOW_MS,
      onHeldBack: ({ count }) => logger.warn({ count }, 'further requests were refused for their Host or Origin'),
    });
  }

  record({ origin, host }: { origin: string | undefined; host: string | undefined }): void {
    if (!this.#lines.passes('forbidden')) return;
    this.#logger.warn(
      { host: host?.slice(0, MOST_CHARACTERS), origin: origin?.slice(0, MOST_CHARACTERS) },
      'a request was refused for its Host or Origin: list the addresses of this server in the setting "origins"',
    );
  }

  /** Writes the pending count. Idempotent. */
  close(): void {
    this.#lines.flush();
  }
}
