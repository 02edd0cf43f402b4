import { type Credentials, ParleyError } from '@parley/client-sdk/protocol';
import { decodeProtectedHeader } from 'jose';
import type { Authenticator, Identity } from './Authenticator.js';
import { ROOM_TOKEN_TYPE } from './RoomTokenIssuer.js';

export interface CombinedAuthenticatorOptions {
  /** For credentials with a name. */
  guests?: Authenticator;
  /** For tokens of the identity provider. */
  provider?: { description: string; verify: (token: string) => Promise<Identity> };
  roomTokens: { verify: (token: string) => Promise<Identity> };
}

/** Passes credentials to the authenticator for their kind. The token's type selects it; the authenticator then verifies the token. */
export class CombinedAuthenticator implements Authenticator {
  readonly #options: CombinedAuthenticatorOptions;

  constructor(options: CombinedAuthenticatorOptions) {
    this.#options = options;
  }

  get description(): string {
    const { guests, provider } = this.#options;
    const ways = [provider?.description, guests?.description].filter((way) => way !== undefined);
    return ways.length === 0 ? 'room tokens only' : ways.join(', ');
  }

  async authenticate(credentials: Credentials): Promise<Identity> {
    const { guests, provider, roomTokens } = this.#options;
    if (credentials.kind === 'guest') {
      if (guests === undefined) throw new ParleyError('UNAUTHENTICATED', { message: 'Sign in to join.' });
      return guests.authenticate(credentials);
    }
    const { token } = credentials;
    if (typeOf(token) === ROOM_TOKEN_TYPE) return roomTokens.verify(token);
    if (provider === undefined) throw new ParleyError('UNAUTHENTICATED');
    return provider.verify(token);
  }
}

/** The type that a token claims to have, which proves nothing. */
function typeOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ;
  } catch {
    return undefined;
  }
}
