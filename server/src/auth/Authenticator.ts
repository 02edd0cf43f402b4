import type { Credentials, Grant, NameSource } from '@parley/client-sdk/protocol';

/** Roles of the identity provider, of the realm or of the client. */
export const ROLES = ['participant', 'moderator', 'archivist', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who somebody is, as their credentials prove it. */
export interface Identity {
  /** Who vouches for the subject; subjects of different issuers are different people. */
  issuer: string;
  /** Stable and secret-like: never leaves the server as it is. */
  subject: string;
  displayName: string;
  nameSource: NameSource;
  /** The account's own name at the identity provider, which is unique there. */
  accountName?: string;
  roles: readonly Role[];
  /** Of a room token: this room and no other, with these grants and no others. */
  room?: { name: string; grants: readonly Grant[] };
  /** The sign-in at the identity provider that this comes from (`sid`). */
  sessionId?: string;
  /** Unix time from which on it does not hold any more; absent: as long as the connection. */
  expiresAtMs?: number;
  /** Unix time of the token's making. */
  issuedAtMs?: number;
}

/** The seam between the edge and whatever knows identities. */
export interface Authenticator {
  /** What the banner and the logs call it. */
  readonly description: string;
  /** @throws ParleyError `UNAUTHENTICATED` or `JOIN_SECRET_REQUIRED` */
  authenticate(credentials: Credentials): Promise<Identity>;
}
