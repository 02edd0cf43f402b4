import type { ParleyError } from '@parley/client-sdk';
import type { Spoken } from './I18n.js';

/** What an error says to a person. English is the language of errors: there they speak for themselves, with all that they know. */
export function errorText(error: Pick<ParleyError, 'code' | 'message'>, { language, text }: Spoken): string {
  return language === 'en' ? error.message : (text.errors[error.code] ?? error.message);
}
