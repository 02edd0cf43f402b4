import type { Dictionary } from '../i18n/en.js';

type KnownMode = keyof Dictionary['settings']['modes'];

/** Description of a mode; the server's own if the page does not know the mode. */
export function modeText({ settings }: Dictionary, mode: string, purpose = ''): { name: string; purpose: string } {
  if (!Object.hasOwn(settings.modes, mode)) return { name: mode, purpose };
  return { name: settings.modes[mode as KnownMode], purpose: settings.modePurposes[mode as KnownMode] };
}
