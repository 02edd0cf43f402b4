import { randomBytes } from 'node:crypto';
import { allowsGuests } from '../auth/GuestAuthenticator.js';
import type { Settings } from '../config/settings.js';
import { isExposed } from '../edge/addresses.js';

/** What people must know to join. Made up where a name alone would be enough for others than the people at this machine. */
export function joinSecretOf(settings: Settings): string | undefined {
  return settings.joinSecret ?? (allowsGuests(settings) && isExposed(settings) ? invent() : undefined);
}

/** 60 bits in letters that nobody mistakes for one another. */
function invent(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join('');
}
