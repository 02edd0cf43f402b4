import type { IncomingMessage } from 'node:http';
import { serverNames } from '../edge/addresses.js';
import { clientAddressOf, limitKeyOf } from '../edge/clientAddress.js';
import { OriginPolicy } from '../edge/OriginPolicy.js';
import { CertificateWatch } from './CertificateWatch.js';
import { type Certificate, certificateOf } from './certificate.js';
import { HttpListener } from './HttpListener.js';
import type { StartContext } from './StartContext.js';

/** Where requests come in, and who may ask. */
export interface Edge {
  listener: HttpListener;
  originPolicy: OriginPolicy;
  /** What limits of a request's origin count by. */
  limitKeyOf: (request: IncomingMessage) => string;
  /** Absent without TLS. */
  certificate: Certificate | undefined;
}

/** The port, not listening yet. @throws StartError `CERTIFICATE_UNUSABLE` */
export async function startEdge({ settings, logger, closing }: StartContext): Promise<Edge> {
  const certificate = await certificateOf(settings);
  const listener = new HttpListener({ tls: certificate, sockets: settings.limits.connections });
  closing.defer(() => listener.close());
  if (certificate !== undefined) {
    const watch = new CertificateWatch({ files: certificate, use: () => listener.reloadCertificate(), logger });
    closing.defer(() => watch.close());
  }
  const { trustedProxies, origins } = settings;
  return {
    listener,
    originPolicy: new OriginPolicy({
      ownOrigins: () => serverNames(settings).map((name) => listener.urlOf(name)),
      furtherOrigins: origins,
    }),
    limitKeyOf: (request) => limitKeyOf(clientAddressOf(request, { trustedProxies })),
    certificate,
  };
}
