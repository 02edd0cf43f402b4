export type Forms = { [Category in Intl.LDMLPluralRule]?: string } & { other: string };

/**
 * Picks the form that a language has for a number (CLDR's categories) and puts the number in for `#`.
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
