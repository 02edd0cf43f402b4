/** Letters that are easily confused, each group with one sign. Vowels differ from consonants only at the start. */
const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/ph/g, 'f'],
  [/(sch|sh|ch|tch)/g, 'x'],
  [/(ck|qu|[cgkq])/g, 'k'],
  [/[bp]/g, 'p'],
  [/(th|[dt])/g, 't'],
  [/[fvw]/g, 'f'],
  [/[sz]/g, 's'],
  [/[mn]/g, 'n'],
  [/j/g, 'x'],
];

/**
 * Roughly how a word in Latin script sounds: its consonants, with easily confused ones merged (as in Soundex and Metaphone). Other scripts
 * are left as they are.
 */
export function phoneticKey(word: string): string {
  const bare = word.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  if (/[^a-z0-9]/.test(bare)) return bare;
  let key = bare;
  for (const [pattern, sign] of GROUPS) key = key.replaceAll(pattern, sign);
  const vowelStart = /^[aeiouy]/.test(key) ? 'a' : '';
  return vowelStart + key.replaceAll(/[aeiouyh]/g, '').replaceAll(/(.)\1+/g, '$1');
}
