/**
 * Which pages may talk to this server. Any web page can open a socket to a port of its visitor's own machine, so the browser's
 * `Origin` is checked on every socket and every request, and `Host` too, since a name that an attacker points at this machine
 * would pass as its own origin.
 */
export class OriginPolicy {
  readonly #read: () => readonly string[];
  #known: { origins: ReadonlySet<string>; hosts: ReadonlySet<string> } | undefined;

  /** @param options.ownOrigins read at the first question: the port may not be known before the server listens */
  constructor(options: { ownOrigins: () => readonly string[]; furtherOrigins: readonly string[] }) {
    this.#read = () => [...options.ownOrigins(), ...options.furtherOrigins];
  }

  /** Requests of programs that are no browsers have no origin; browsers always send one with sockets and cross-site requests. */
  allowsOrigin(origin: string | undefined): boolean {
    return origin === undefined || this.#allowed.origins.has(origin);
  }

  allowsHost(host: string | undefined): boolean {
    return host !== undefined && this.#allowed.hosts.has(host.toLowerCase());
  }

  allows(headers: { origin?: string | undefined; host?: string | undefined }): boolean {
    return this.allowsOrigin(headers.origin) && this.allowsHost(headers.host);
  }

  get #allowed() {
    if (this.#known === undefined) {
      const urls = this.#read().map((origin) => new URL(origin));
      this.#known = {
        origins: new Set(urls.map(({ origin }) => origin)),
        hosts: new Set(urls.map(({ host }) => host)),
      };
    }
    return this.#known;
  }
}
