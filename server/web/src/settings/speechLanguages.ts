/** Languages to offer if the server does not know those of its model. */
const OFFERED = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'tr', 'uk', 'ar', 'hi', 'ja', 'ko', 'zh'];

/** The name of a language in another one; its code if unknown. */
export function languageName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(code) ?? code;
  } catch {
    // Not a language code.
    return code;
  }
}

/**
 * The model's languages with their names in the page's language, sorted. `also`: codes to include if the server does not know the
 * languages.
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

/** The stored choice, maybe made at another server; empty (the room's language) if the model does not support it. */
export function knownChoice(chosen: string, known: readonly string[] | undefined): string {
  return known === undefined || !isCode(chosen) || known.includes(chosen) ? chosen : '';
}

/** A list of languages without duplicates. */
export function withLanguage(chosen: readonly string[], code: string): string[] {
  return [...new Set([...chosen, code])].filter(isCode);
}

/** `null` for an empty list, which removes the own value. */
export function withoutLanguage(chosen: readonly string[], code: string): string[] | null {
  const left = chosen.filter((other) => other !== code);
  return left.length === 0 ? null : left;
}

function isCode(value: string): boolean {
  return /^[a-z]{2,3}$/.test(value);
}
