export type Forms = { [Category in Intl.LDMLPluralRule]?: string } & { other: string };

/**
 * Picks the plural form for a number (CLDR categories) and inserts the number for `#`.
 *
 * @example
 * const people = plural('en', { one: '# person', other: '# people' });
 * people(3); // '3 people'
 */
export function plural(language: string, forms: Forms): (count: number) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count));
}
