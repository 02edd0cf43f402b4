import type { ParleyError } from '@parley/client-sdk';
import type { Spoken } from './I18n.js';

/** The text of an error for people. In English the error's own message is shown, with all details. */
export function errorText(error: Pick<ParleyError, 'code' | 'message'>, { language, text }: Spoken): string {
  return language === 'en' ? error.message : (text.errors[error.code] ?? error.message);
}
