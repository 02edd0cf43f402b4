import type { Logger } from '../observability/logger.js';
import { RepeatFilter } from '../observability/RepeatFilter.js';

const MOST_LINES = 10;
const WINDOW_MS = 60_000;
/** Of what a stranger has sent. */
const MOST_CHARACTERS = 256;

/**
 * Requests that were refused for their `Host` or `Origin`. Often that is a name which is missing in the settings: whoever runs this server
 * must be able to find that out.
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

  /** Writes down what was held back. Idempotent. */
  close(): void {
    this.#lines.flush();
  }
}
