import { randomBytes } from 'node:crypto';
import { allowsGuests } from '../auth/GuestAuthenticator.js';
import type { Settings } from '../config/settings.js';
import { isExposed } from '../edge/addresses.js';

/** The join secret. Generated if a name alone would admit people from other machines. */
export function joinSecretOf(settings: Settings): string | undefined {
  return settings.joinSecret ?? (allowsGuests(settings) && isExposed(settings) ? invent() : undefined);
}

/** 60 bits in letters that cannot be confused. */
function invent(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join('');
}
