import type { Credentials, Grant, NameSource } from '@parley/client-sdk/protocol';

/** Roles of the identity provider, of the realm or of the client. */
export const ROLES = ['participant', 'moderator', 'archivist', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** An identity proven by credentials. */
export interface Identity {
  /** Vouches for the subject. Subjects of different issuers are different people. */
  issuer: string;
  /** Stable and to be kept secret: never leaves the server unhashed. */
  subject: string;
  displayName: string;
  nameSource: NameSource;
  /** The account's own name at the identity provider, which is unique there. */
  accountName?: string;
  roles: readonly Role[];
  /** With a room token: the only room it is valid for, its only grants, and whether the room then transcribes only those who consent. */
  room?: { name: string; grants: readonly Grant[]; requireConsent?: true };
  /** With a room token: its id, and who made it. Absent for tokens that were made before servers wrote that into them. */
  roomToken?: { id: string; mintedBy: string };
  /** The sign-in at the identity provider (`sid`) that this belongs to. */
  sessionId?: string;
  /** Unix time of expiry; absent: valid as long as the connection. */
  expiresAtMs?: number;
  /** Unix time at which the token was issued. */
  issuedAtMs?: number;
}

/** The interface between the edge and everything that knows identities. */
export interface Authenticator {
  /** Name for the banner and the logs. */
  readonly description: string;
  /** @throws ParleyError `UNAUTHENTICATED` or `JOIN_SECRET_REQUIRED` */
  authenticate(credentials: Credentials): Promise<Identity>;
}
