import { LIMITS } from '@parley/client-sdk/protocol';
import { looksOf } from '@parley/client-sdk/protocol/schema';
import unhomoglyph from 'unhomoglyph';
import { shortName } from '../auth/shortName.js';

/** Those that people write names in (Unicode Standard Annex #31, table 5: recommended scripts). */
const SCRIPTS = [
  ...['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Hebrew', 'Armenian', 'Georgian', 'Ethiopic', 'Thaana'],
  ...['Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala'],
  ...['Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan'],
].map((script) => new RegExp(`^[\\p{Script=${script}}\\p{Script=Common}\\p{Script=Inherited}]*$`, 'u'));
/** Latin letters of phonetic alphabets, as U+0251 beside the common a. */
const PHONETIC = /[\u0250-\u02AF\u1D00-\u1DBF\u2C60-\u2C7F\uA720-\uA7FF\uAB30-\uAB6F]/u;
/** Without its number, numbers of a name are tried from 2 on again. */
const MOST_NUMBERS = 1_000;

/**
 * Names that stand for somebody. Another name is taken, too, if it looks the same: in width, case or invisible characters, or by letters
 * of other scripts (Latin and Cyrillic a; Unicode Technical Standard #39). Within one script, letters that look alike are different ones,
 * so that nobody is taken for somebody else whose name is only similar.
 */
export class TakenNames {
  readonly #looks = new Set<string>();
  /** The scripts of the names behind each skeleton. */
  readonly #scripts = new Map<string, (number | undefined)[]>();
  /** The last number that a name of each skeleton was given, so that not all numbers are tried again. */
  readonly #numbers = new Map<string, number>();

  has(name: string): boolean {
    if (this.#looks.has(looksOf(name))) return true;
    const script = scriptOf(name);
    return (this.#scripts.get(skeletonOf(name)) ?? []).some((other) => script === undefined || other !== script);
  }

  /** @returns the name, with a number where it is taken */
  take(wanted: string): string {
    const skeleton = skeletonOf(wanted);
    let number = this.#numbers.get(skeleton) ?? 1;
    let name = wanted;
    while (this.has(name)) {
      number += 1;
      const suffix = ` ${number}`;
      name = `${shortName(wanted, LIMITS.displayNameLength - suffix.length)}${suffix}`;
    }
    if (name !== wanted) this.#remember(skeleton, number);
    this.#add(name);
    return name;
  }

  #remember(skeleton: string, number: number): void {
    this.#numbers.delete(skeleton);
    this.#numbers.set(skeleton, number);
    const [oldest] = this.#numbers.keys();
    if (this.#numbers.size > MOST_NUMBERS && oldest !== undefined) this.#numbers.delete(oldest);
  }

  #add(name: string): void {
    const skeleton = skeletonOf(name);
    this.#looks.add(looksOf(name));
    this.#scripts.set(skeleton, [...(this.#scripts.get(skeleton) ?? []), scriptOf(name)]);
  }

  delete(name: string): void {
    if (!this.#looks.delete(looksOf(name))) return;
    const skeleton = skeletonOf(name);
    const scripts = [...(this.#scripts.get(skeleton) ?? [])];
    scripts.splice(scripts.indexOf(scriptOf(name)), 1);
    if (scripts.length === 0) this.#scripts.delete(skeleton);
    else this.#scripts.set(skeleton, scripts);
  }
}

/** The only script of a name, as a number; undefined if it has several, or one that only scholars write. */
function scriptOf(name: string): number | undefined {
  const plain = name.normalize('NFKC');
  const script = SCRIPTS.findIndex((letters) => letters.test(plain));
  return script === -1 || PHONETIC.test(plain) ? undefined : script;
}

/**
 * The same for names whose letters look alike, whatever their script; for comparing only. As in Unicode Technical Standard #39, but blind
 * to case: capitals look like other letters than small ones (H, I), so letters are replaced before and after.
 */
function skeletonOf(name: string): string {
  const shapes = (text: string) => unhomoglyph(text.normalize('NFD'));
  const shown = name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
  return shapes(shapes(shown).toLowerCase()).normalize('NFD').replaceAll('i', 'l');
}
