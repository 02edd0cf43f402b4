/**
 * Which pages may talk to this server. Any web page can open a socket to a port of its visitor's own machine, so the browser's
 * `Origin` is checked on every socket and every request, and `Host` too, since a name that an attacker points at this machine
 * would pass as its own origin.
 */
export class OriginPolicy {
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: { ownOrigins: readonly string[]; furtherOrigins: readonly string[] }) {
    this.#origins = new Set([...options.ownOrigins, ...options.furtherOrigins].map((origin) => new URL(origin).origin));
    this.#hosts = new Set([...options.ownOrigins, ...options.furtherOrigins].map((origin) => new URL(origin).host));
  }

  /** Requests of programs that are no browsers have no origin; browsers always send one with sockets and cross-site requests. */
  allowsOrigin(origin: string | undefined): boolean {
    return origin === undefined || this.#origins.has(origin);
  }

  allowsHost(host: string | undefined): boolean {
    return host !== undefined && this.#hosts.has(host.toLowerCase());
  }

  allows(headers: { origin?: string | undefined; host?: string | undefined }): boolean {
    return this.allowsOrigin(headers.origin) && this.allowsHost(headers.host);
  }
}
