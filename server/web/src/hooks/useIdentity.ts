import type { ServerIdentity } from '@parley/client-sdk';
import type Keycloak from 'keycloak-js';
import { useCallback, useEffect, useState } from 'react';

export interface SignedIn {
  displayName: string;
  /** A token that holds for a minute and a half at least: the server asks for another one a minute before its end. */
  token: () => Promise<string>;
  signOut: () => void;
}

export interface IdentityState {
  /** Undefined while it is not known yet. */
  options: ServerIdentity | undefined;
  signedIn: SignedIn | undefined;
  /** The identity provider or the server did not answer. */
  failed: boolean;
  signIn: () => void;
}

/** Kept by the tab, so that a reload signs in again by itself. The tokens are kept by nobody. */
const SIGNED_IN_KEY = 'parley.signedIn';
/** More than the minute before its end in which the server asks for a newer token: else it would be given the same one again. */
const MIN_VALIDITY_S = 90;

/** Who sits in front of the page: nobody yet, or somebody whom Keycloak knows (authorization code with PKCE). */
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
  const answer = await fetch('/api/identity');
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
    // Then people press the button once more after a reload.
  }
}
