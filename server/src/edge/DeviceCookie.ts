import { createHmac, randomBytes } from 'node:crypto';
import { sameText } from '../auth/sameText.js';

/** The part of a request that is needed here. */
export interface CookieRequest {
  headers: { cookie?: string | undefined };
}

const NAME = 'parley-device';
const VALUE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
/** As long as a meeting may last. */
const MAX_AGE_S = 12 * 3_600;

/**
 * A cookie that identifies a browser within a meeting, so that a removed or muted guest does not become a new person by another subject. It
 * holds a random number and its signature, nothing else. The key is made at start-up, and meetings do not outlive the process, so the cookie
 * is worthless after a restart. Pages of other sites do not send it (`SameSite`); programs need not keep it.
 */
export class DeviceCookie {
  readonly #key = randomBytes(32);
  readonly #secure: boolean;
  /** Devices that get the cookie with the answer, by request. */
  readonly #fresh = new WeakMap<object, string>();

  /** @param options.secure whether browsers reach this server by https */
  constructor({ secure }: { secure: boolean }) {
    this.#secure = secure;
  }

  /** The device of this request; undefined if it neither has the cookie nor gets it with the answer. */
  deviceOf(request: CookieRequest): string | undefined {
    return this.#shownBy(request) ?? this.#fresh.get(request);
  }

  /** The `Set-Cookie` header for the answer; undefined if the browser already has the cookie. */
  headerFor(request: CookieRequest): string | undefined {
    if (this.#shownBy(request) !== undefined) return undefined;
    const device = randomBytes(16).toString('base64url');
    this.#fresh.set(request, device);
    const value = `${device}.${this.#signatureOf(device)}`;
    const secure = this.#secure ? '; Secure' : '';
    return `${NAME}=${value}; Path=/; Max-Age=${MAX_AGE_S}; HttpOnly; SameSite=Strict${secure}`;
  }

  #shownBy({ headers }: CookieRequest): string | undefined {
    for (const pair of (headers.cookie ?? '').split(';')) {
      const [name, value = ''] = pair.trim().split('=', 2);
      const [, device = '', signature = ''] = (name === NAME ? VALUE.exec(value) : null) ?? [];
      if (device !== '' && sameText(signature, this.#signatureOf(device))) return device;
    }
    return undefined;
  }

  #signatureOf(device: string): string {
    return createHmac('sha256', this.#key).update(device).digest('base64url');
  }
}
