/** Characters that look like nothing, turn text around, break lines or belong to nobody (Unicode general categories and properties). */
const DECEIVING = String.raw`[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
/** Scripts that are not written right without joiners. */
const JOINED_SCRIPTS = [
  ...['Arabic', 'Syriac', 'Mongolian', 'Nko'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala'],
  ...['Khmer', 'Myanmar', 'Tibetan'],
];
const JOINED_LETTER = `[[${JOINED_SCRIPTS.map((script) => `\\p{Script_Extensions=${script}}`).join('')}]&&[\\p{L}\\p{M}]]`;
const PICTURE = String.raw`\p{Extended_Pictographic}[\uFE0F\p{Emoji_Modifier}]*`;
/** Of those characters, the ones that a writing system needs where they stand. */
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
/** First what is needed, so that nothing is taken out of the middle of it. */
const NEEDED_OR_DECEIVING = expression(`(${NEEDED})|${DECEIVING}+`, 'gv');
/** A blank pattern of Braille is drawn as nothing. */
const VISIBLE = expression(String.raw`[[\p{L}\p{N}\p{P}\p{S}]--[\u2800\p{Default_Ignorable_Code_Point}]]`, 'v');
const INVISIBLE = expression(String.raw`\p{Default_Ignorable_Code_Point}+`, 'gv');

/** A name with a space in place of whatever could deceive; empty if nothing of it can be seen. */
export function honestName(name: string): string {
  const honest = name
    .normalize('NFC')
    .replace(NEEDED_OR_DECEIVING, (_, needed: string | undefined) => needed ?? ' ')
    .trim();
  return VISIBLE.test(honest) ? honest : '';
}

/** The same for names that look the same: letters of any width and case, whatever is between them that cannot be seen. */
export function looksOf(name: string): string {
  return name.normalize('NFKC').replace(INVISIBLE, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** No literal: the compiler's target does not know sets of characters (flag `v`) yet, which all that runs this does. */
function expression(source: string, flags: string): RegExp {
  return new RegExp(source, flags);
}
