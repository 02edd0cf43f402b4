import type { Credentials } from '@parley/client-sdk/protocol';

/** Who somebody is, as their credentials prove it. */
export interface Identity {
  /** Stable and secret-like: never leaves the server as it is. */
  subject: string;
  displayName: string;
}

/** The seam between the edge and whatever knows identities. */
export interface Authenticator {
  /** What the banner and the logs call it. */
  readonly description: string;
  /** @throws ParleyError `UNAUTHENTICATED` or `JOIN_SECRET_REQUIRED` */
  authenticate(credentials: Credentials): Promise<Identity>;
}
