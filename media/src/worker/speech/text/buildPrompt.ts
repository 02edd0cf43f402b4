/** Whisper takes 224 tokens of prompt, half of its text window. */
const TOKEN_BUDGET = 224;
/** A token is about four bytes of English; in other scripts fewer. With three, the estimate is never too low there. */
const BYTES_PER_TOKEN = 3;
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const encoder = new TextEncoder();

export interface PromptOptions {
  /** The room's own prompt; comes first. */
  prompt: string;
  /** Most important first. */
  hotWords: readonly string[];
  /** What this speaker said just before, if its audio is not part of the request; comes last, as Whisper expects it. */
  previousText?: string;
  tokenBudget?: number;
}

/**
 * The text that primes a recogniser, within its budget. The prompt goes first and is never cut for hot words. Hot words are dropped whole,
 * from the end of their list. Of the previous text, the newest words stay. Line breaks and control characters are removed: hot words come
 * from people.
 */
export function buildPrompt(options: PromptOptions): string {
  let left = (options.tokenBudget ?? TOKEN_BUDGET) * BYTES_PER_TOKEN;
  const prompt = tail(clean(options.prompt), left);
  left -= size(prompt);
  // Half of what is left, so that neither crowds the other out.
  const previous = tail(clean(options.previousText ?? ''), options.hotWords.length > 0 ? left / 2 : left);
  left -= size(previous);
  const words: string[] = [];
  const seen = new Set<string>();
  for (const word of options.hotWords.map(clean)) {
    const key = word.toLocaleLowerCase('und');
    if (word === '' || seen.has(key) || size(word) + 2 > left) continue;
    seen.add(key);
    words.push(word);
    left -= size(word) + 2;
  }
  const list = words.length === 0 ? '' : `${words.join(', ')}.`;
  return [prompt, list, previous].filter((part) => part !== '').join(' ');
}

function clean(text: string): string {
  return text.normalize('NFC').replaceAll(CONTROL, ' ').replaceAll(/\s+/gu, ' ').trim();
}

function size(text: string): number {
  return text === '' ? 0 : encoder.encode(text).length + 1;
}

/** The last whole words that fit. */
function tail(text: string, bytes: number): string {
  if (size(text) <= bytes) return text;
  const words = text.split(' ');
  while (words.length > 0 && size(words.join(' ')) > bytes) words.shift();
  return words.join(' ');
}
