import type { ServerIdentity } from '@parley/client-sdk';
import type Keycloak from 'keycloak-js';
import { useCallback, useEffect, useState } from 'react';

export interface SignedIn {
  displayName: string;
  /** A token valid for at least a minute and a half: the server asks for a new one a minute before expiry. */
  token: () => Promise<string>;
  signOut: () => void;
}

export interface IdentityState {
  /** Undefined until known. */
  options: ServerIdentity | undefined;
  signedIn: SignedIn | undefined;
  /** The identity provider or the server did not answer. */
  failed: boolean;
  signIn: () => void;
}

/** Kept per tab, so that a reload signs in again automatically. Tokens are not stored. */
const SIGNED_IN_KEY = 'parley.signedIn';
/** Longer than the minute before expiry at which the server asks for a new token; otherwise it would get the same one again. */
const MIN_VALIDITY_S = 90;

/** The identity of the person at the page: none yet, or signed in with Keycloak (authorization code with PKCE). */
export function useIdentity(): IdentityState {
  const [options, setOptions] = useState<ServerIdentity>();
  const [keycloak, setKeycloak] = useState<Keycloak>();
  const [signedIn, setSignedIn] = useState<SignedIn>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let ended = false;
    const load = async () => {
      const found = await askServer();
      if (found.keycloak !== undefined) {
        const { default: Adapter } = await import('keycloak-js');
        const adapter = new Adapter(found.keycloak);
        const signed = await adapter.init({
          pkceMethod: 'S256',
          checkLoginIframe: false,
          ...(wasSignedIn() ? { onLoad: 'login-required' } : {}),
        });
        if (ended) return;
        setKeycloak(adapter);
        if (signed) setSignedIn(identityOf(adapter));
        rememberSignedIn(signed);
      }
      if (!ended) setOptions(found);
    };
    load().catch(() => {
      rememberSignedIn(false);
      if (!ended) setFailed(true);
    });
    return () => {
      ended = true;
    };
  }, []);

  const signIn = useCallback(() => {
    void keycloak?.login();
  }, [keycloak]);

  return { options, signedIn, failed, signIn };
}

async function askServer(): Promise<ServerIdentity> {
  const answer = await fetch('api/identity');
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return (await answer.json()) as ServerIdentity;
}

function identityOf(keycloak: Keycloak): SignedIn {
  const claims = keycloak.tokenParsed as { name?: string; preferred_username?: string } | undefined;
  return {
    displayName: claims?.name ?? claims?.preferred_username ?? '',
    token: async () => {
      await keycloak.updateToken(MIN_VALIDITY_S);
      if (keycloak.token === undefined) throw new Error('signed out');
      return keycloak.token;
    },
    signOut: () => {
      rememberSignedIn(false);
      void keycloak.logout();
    },
  };
}

function wasSignedIn(): boolean {
  try {
    return sessionStorage.getItem(SIGNED_IN_KEY) === 'yes';
  } catch {
    return false;
  }
}

function rememberSignedIn(signedIn: boolean): void {
  try {
    if (signedIn) sessionStorage.setItem(SIGNED_IN_KEY, 'yes');
    else sessionStorage.removeItem(SIGNED_IN_KEY);
  } catch {
    // If that fails, people press the button again after a reload.
  }
}
