import { type Credentials, ParleyError } from '@parley/client-sdk/protocol';
import type { Authenticator, Identity } from './Authenticator.js';
import { sameText } from './sameText.js';

/** People come in by name only where nobody else vouches for them, unless the settings say otherwise. */
export function allowsGuests(settings: {
  guests?: boolean | undefined;
  keycloak: { url?: string | undefined };
}): boolean {
  return settings.guests ?? settings.keycloak.url === undefined;
}

/**
 * Lets people in with a name alone, or with a name and the join secret where there is one. The subject is the random one that
 * their browser keeps, so that a reload is the same participant.
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
