import type { IncomingMessage } from 'node:http';
import { serverNames } from '../edge/addresses.js';
import { clientAddressOf, limitKeyOf } from '../edge/clientAddress.js';
import { OriginPolicy } from '../edge/OriginPolicy.js';
import { CertificateWatch } from './CertificateWatch.js';
import { type Certificate, certificateOf } from './certificate.js';
import { HttpListener } from './HttpListener.js';
import type { StartContext } from './StartContext.js';

/** The port, and the checks of who may connect. */
export interface Edge {
  listener: HttpListener;
  originPolicy: OriginPolicy;
  /** Key by which rate limits count requests. */
  limitKeyOf: (request: IncomingMessage) => string;
  /** Absent without TLS. */
  certificate: Certificate | undefined;
}

/** Creates the port, which does not listen yet. @throws StartError `CERTIFICATE_UNUSABLE` */
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
