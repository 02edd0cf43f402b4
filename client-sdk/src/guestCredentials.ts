import type { Credentials } from './protocol/index.js';

const STORAGE_KEY = 'parley.subject';
let subjectInMemory: string | undefined;

/**
 * Credentials for a server without an identity provider: a name, and a random subject. The subject is kept in the browser profile, so that
 * the same person stays the same participant after a reload. If storage is not available, it lasts as long as the page.
 *
 * @example
 * const client = new ParleyClient({ credentials: guestCredentials({ displayName: 'Ada' }) });
 */
export function guestCredentials(options: { displayName: string; joinSecret?: string }): Credentials {
  return { kind: 'guest', subject: subject(), ...options };
}

function subject(): string {
  try {
    const kept = localStorage.getItem(STORAGE_KEY);
    if (kept !== null && /^[A-Za-z0-9_-]{16,128}$/.test(kept)) return kept;
    const made = randomSubject();
    localStorage.setItem(STORAGE_KEY, made);
    return made;
  } catch {
    subjectInMemory ??= randomSubject();
    return subjectInMemory;
  }
}

/** @internal 192 bits, base64url. */
export function randomSubject(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
