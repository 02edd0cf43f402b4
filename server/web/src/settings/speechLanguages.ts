/** Languages that stand in the lists of a server that does not say which ones its model knows. */
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

/**
 * Codes with their names in the page's language, in the order of that language: those that the model knows. `also`: codes that
 * must be among them where the server does not say that.
 */
export function speechLanguages(options: {
  language: string;
  known: readonly string[] | undefined;
  also?: readonly string[];
}): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(options.language, { type: 'language' });
  const codes = (options.known ?? [...OFFERED, ...(options.also ?? [])]).filter(isCode);
  return [...new Set(codes)]
    .map((code) => ({ code, name: names.of(code) ?? code }))
    .sort((a, b) => a.name.localeCompare(b.name, options.language));
}

/** What was chosen on this page, maybe at another server; empty, for whatever the room has, where the model does not know it. */
export function knownChoice(chosen: string, known: readonly string[] | undefined): string {
  return known === undefined || !isCode(chosen) || known.includes(chosen) ? chosen : '';
}

/** A list of languages, each of them once. */
export function withLanguage(chosen: readonly string[], code: string): string[] {
  return [...new Set([...chosen, code])].filter(isCode);
}

/** `null` where none is left: an empty list says that there is none of one's own. */
export function withoutLanguage(chosen: readonly string[], code: string): string[] | null {
  const left = chosen.filter((other) => other !== code);
  return left.length === 0 ? null : left;
}

function isCode(value: string): boolean {
  return /^[a-z]{2,3}$/.test(value);
}
