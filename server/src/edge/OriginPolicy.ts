/**
 * Which pages may use this server. Any web page can open a socket to a port of its visitor's machine, so the browser's `Origin` is checked
 * for every socket and every request. `Host` is checked too, because a name that an attacker points at this machine would look like the
 * page's own origin.
 */
export class OriginPolicy {
  readonly #read: () => readonly string[];
  #known: { origins: ReadonlySet<string>; hosts: ReadonlySet<string> } | undefined;

  /** @param options.ownOrigins read on first use: the port may not be known before the server listens */
  constructor(options: { ownOrigins: () => readonly string[]; furtherOrigins: readonly string[] }) {
    this.#read = () => [...options.ownOrigins(), ...options.furtherOrigins];
  }

  /** Programs other than browsers send no origin; browsers always send one with sockets and cross-site requests. */
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
