/** Languages that stand in the lists; a room can have any other. */
const OFFERED = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'tr', 'uk', 'ar', 'hi', 'ja', 'ko', 'zh'];

/** What a language is called in another one; its code where nobody knows. */
export function languageName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(code) ?? code;
  } catch {
    // No code of a language at all.
    return code;
  }
}

/** Codes with their names in the page's language, in the order of that language. `also`: codes that must be among them. */
export function speechLanguages(options: {
  language: string;
  also?: readonly string[];
}): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(options.language, { type: 'language' });
  const codes = [...OFFERED, ...(options.also ?? [])].filter((code) => /^[a-z]{2,3}$/.test(code));
  return [...new Set(codes)]
    .map((code) => ({ code, name: names.of(code) ?? code }))
    .sort((a, b) => a.name.localeCompare(b.name, options.language));
}
