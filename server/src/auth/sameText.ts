import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in constant time, so that the duration does not reveal where two texts differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
