import { createHmac, randomBytes } from 'node:crypto';
import { sameText } from '../auth/sameText.js';

/** What is read of a request. */
export interface CookieRequest {
  headers: { cookie?: string | undefined };
}

const NAME = 'parley-device';
const VALUE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;
/** As long as a meeting may last. */
const MAX_AGE_S = 12 * 3_600;

/**
 * By this cookie a browser is known again within a meeting, so that a guest who was removed or muted cannot be somebody new by another
 * subject. It holds a random number and its signature, nothing else. The key is made with the process and meetings are not older than
 * that, so that it says nothing after a restart. Pages of other sites do not send it (`SameSite`), programs need not keep it.
 */
export class DeviceCookie {
  readonly #key = randomBytes(32);
  readonly #secure: boolean;
  /** By their requests: browsers that come without the cookie and get it with the answer. */
  readonly #fresh = new WeakMap<object, string>();

  /** @param options.secure whether browsers reach this server by https */
  constructor({ secure }: { secure: boolean }) {
    this.#secure = secure;
  }

  /** Of this request's browser; undefined if it has neither shown nor been given the cookie. */
  deviceOf(request: CookieRequest): string | undefined {
    return this.#shownBy(request) ?? this.#fresh.get(request);
  }

  /** The `Set-Cookie` of the answer to this request; undefined where the browser has the cookie. */
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
