export interface DevelopmentCertificateOptions {
  /** Folder of its own for the files; made with mode 0700, keys with mode 0600. */
  dir: string;
  /**
   * Host names and IP addresses (IPv6 with or without brackets and zone). `localhost` and the loopback addresses are
   * always added; what cannot stand in a certificate is left out.
   */
  addresses: string[];
  /** Clock in milliseconds since 1970. Default: `Date.now`. */
  now?: () => number;
}

export interface DevelopmentCertificate {
  /** PEM of the authority alone: what a device imports to trust the server. */
  caPath: string;
  /** PEM chain: leaf, then authority. */
  certPath: string;
  keyPath: string;
  /** Whether a certificate was issued in this call. */
  created: boolean;
}

/**
 * Makes sure that `dir` holds a certificate for every given address, signed by a certificate authority of its own.
 * Renews it with the same authority when it expires within a week. The authority can sign for these addresses and no
 * others; for other addresses both are made again.
 * Rejects with the file system's error where the folder cannot be written.
 */
export function ensureDevelopmentCertificate(options: DevelopmentCertificateOptions): Promise<DevelopmentCertificate>;
