import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

export interface JwksCacheOptions {
  /** RFC 7517. Keys are fetched only from here, whatever a token's header says. */
  url: string;
  /** Called with the reason if keys could not be fetched. */
  onFailure?: (reason: string) => void;
  fetch?: typeof fetch;
  time?: TimeSource;
}

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 65_536;
const REFRESH_MS = 5 * 60_000;
/** Delay after a failure: doubled each time, up to the normal refresh interval. */
const RETRY_MS = 1_000;
/** Limits requests to the provider caused by tokens with unknown keys. */
const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** Keys older than this are no longer trusted, for whatever reason they were not refreshed. */
const OLDEST_MS = 24 * 3_600_000;

/**
 * The keys of one issuer. They stay usable while the issuer is unreachable, because its outage must not end meetings. They are refreshed
 * every five minutes, and at most once in 30 s for an unknown key.
 */
export class JwksCache {
  readonly #options: JwksCacheOptions;
  readonly #time: TimeSource;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  #failures = 0;
  #cancel: CancelTimer = () => {};
  #closed = false;

  constructor(options: JwksCacheOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
  }

  /** Whether there are trusted keys. */
  get ready(): boolean {
    return this.#keys !== undefined && this.ageMs <= OLDEST_MS;
  }

  get ageMs(): number {
    return this.#time.now() - this.#fetchedAtMs;
  }

  /** Fetches the keys and keeps refreshing them. Resolves after the first attempt, successful or not. */
  async start(): Promise<void> {
    await this.#refresh();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** For jose. @throws JOSEError if no key matches */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    if (!this.ready && this.#mayAsk()) await this.#refresh();
    const keys = this.#keys;
    if (keys === undefined || !this.ready) throw new errors.JWKSNoMatchingKey();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayAsk()) throw error;
      await this.#refresh();
      return await (this.#keys ?? keys)(header, token);
    }
  };

  #mayAsk(): boolean {
    return this.#fetching !== undefined || this.#time.now() - this.#askedAtMs >= UNKNOWN_KEY_COOLDOWN_MS;
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** Never rejects. */
  async #fetch(): Promise<void> {
    this.#cancel();
    this.#askedAtMs = this.#time.now();
    try {
      const keys = await this.#ask();
      this.#keys = createLocalJWKSet(keys);
      this.#fetchedAtMs = this.#time.now();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#options.onFailure?.(error instanceof Error ? error.message : 'unknown');
    }
    if (this.#closed) return;
    const delayMs = this.#failures === 0 ? REFRESH_MS : Math.min(REFRESH_MS, RETRY_MS * 2 ** (this.#failures - 1));
    // Randomized by a tenth, so that not all servers ask at once.
    this.#cancel = this.#time.after(delayMs * (1 + Math.random() / 10), () => void this.#refresh());
  }

  async #ask(): Promise<JSONWebKeySet> {
    const answer = await (this.#options.fetch ?? fetch)(this.#options.url, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return JSON.parse(await boundedText(answer)) as JSONWebKeySet;
  }
}

async function boundedText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
