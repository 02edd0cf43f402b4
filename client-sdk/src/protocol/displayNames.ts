/** Characters that are invisible, reverse text, break lines or are not assigned (Unicode general categories and properties). */
const DECEIVING = String.raw`[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
/** Scripts that need joiners to be written correctly. */
const JOINED_SCRIPTS = [
  ...['Arabic', 'Syriac', 'Mongolian', 'Nko'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala'],
  ...['Khmer', 'Myanmar', 'Tibetan'],
];
const JOINED_LETTER = `[[${JOINED_SCRIPTS.map((script) => `\\p{Script_Extensions=${script}}`).join('')}]&&[\\p{L}\\p{M}]]`;
const PICTURE = String.raw`\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*`;
/** The deceiving characters that a writing system needs, each where it needs them. */
const NEEDED = [
  // Emoji of several characters (UTS #51): families, flags of regions, keycaps; newer ones by their shape.
  String.raw`\p{RGI_Emoji}`,
  String.raw`${PICTURE}(?:\u200D${PICTURE})+`,
  String.raw`\p{Emoji}\uFE0F\u20E3?`,
  // The joiner and the non-joiner between letters, as in Persian and Hindi.
  String.raw`(?<=${JOINED_LETTER})[\u200C\u200D](?=${JOINED_LETTER})`,
  // A variant of the character before it, as in Japanese names.
  String.raw`(?<=[\p{L}\p{N}\p{P}\p{S}])[\uFE00-\uFE0E\u{E0100}-\u{E01EF}\u180B-\u180D\u180F]`,
].join('|');
/** Needed sequences come first, so that nothing is removed from inside one. */
const NEEDED_OR_DECEIVING = expression(`(${NEEDED})|${DECEIVING}+`, 'gv');
/** The blank Braille pattern (U+2800) is invisible. */
const VISIBLE = expression(String.raw`[[\p{L}\p{N}\p{P}\p{S}]--[\u2800\p{Default_Ignorable_Code_Point}]]`, 'v');
const INVISIBLE = expression(String.raw`\p{Default_Ignorable_Code_Point}+`, 'gv');

/** A name with a space in place of deceiving characters; empty if nothing visible is left. */
export function honestName(name: string): string {
  const honest = name
    .normalize('NFC')
    .replace(NEEDED_OR_DECEIVING, (_, needed: string | undefined) => needed ?? ' ')
    .trim();
  return VISIBLE.test(honest) ? honest : '';
}

/** A key that is the same for names that look the same: ignores width, case and invisible characters. */
export function looksOf(name: string): string {
  return name.normalize('NFKC').replace(INVISIBLE, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Not a literal: the compiler's target does not know flag `v` (sets of characters) yet; every runtime that is supported does. */
function expression(source: string, flags: string): RegExp {
  return new RegExp(source, flags);
}
