import { join } from 'node:path';
import { ensureDevelopmentCertificate } from '../../../certs/generate.mjs';
import type { Settings } from '../config/settings.js';
import { serverNames } from '../edge/addresses.js';

export interface Certificate {
  certPath: string;
  keyPath: string;
  /** File of the certificate authority of a development certificate. */
  caPath?: string;
}

/** The configured certificate, or a development certificate, created if missing; undefined without TLS. */
export async function certificateOf(settings: Settings): Promise<Certificate | undefined> {
  const { enabled, certFile, keyFile } = settings.tls;
  if (!enabled) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certPath: certFile, keyPath: keyFile };
  return ensureDevelopmentCertificate({ dir: join(settings.dataDir, 'tls'), addresses: serverNames(settings) });
}
