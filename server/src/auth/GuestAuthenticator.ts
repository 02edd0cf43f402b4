import { type Credentials, ParleyError } from '@parley/client-sdk/protocol';
import type { Authenticator, Identity } from './Authenticator.js';
import { sameText } from './sameText.js';

/** By default, guests are only admitted if there is no other way to sign in. */
export function allowsGuests(settings: {
  guests?: boolean | undefined;
  keycloak: { url?: string | undefined };
}): boolean {
  return settings.guests ?? settings.keycloak.url === undefined;
}

/**
 * Admits guests by name, or by name and join secret if there is one. The subject is random and kept by the browser, so that a reload is the
 * same participant.
 */
export class GuestAuthenticator implements Authenticator {
  readonly #joinSecret: string | undefined;

  constructor(options: { joinSecret?: string }) {
    this.#joinSecret = options.joinSecret;
  }

  get description(): string {
    return this.#joinSecret === undefined ? 'open (a name is enough)' : 'join secret';
  }

  authenticate(credentials: Credentials): Promise<Identity> {
    return Promise.resolve().then(() => this.#check(credentials));
  }

  #check(credentials: Credentials): Identity {
    if (credentials.kind !== 'guest') {
      throw new ParleyError('UNAUTHENTICATED', { message: 'This server has no identity provider; join with a name.' });
    }
    if (this.#joinSecret !== undefined && !sameText(credentials.joinSecret ?? '', this.#joinSecret)) {
      throw new ParleyError('JOIN_SECRET_REQUIRED');
    }
    return {
      issuer: 'guest',
      subject: credentials.subject,
      displayName: credentials.displayName,
      nameSource: 'guest',
      roles: ['participant'],
    };
  }
}
