import { useText } from '../i18n/I18n.js';
import { languageName } from '../settings/speechLanguages.js';
import { percentText } from '../text.js';
import type { SpokenLanguage } from './useSpokenLanguages.js';

/** The detected language and its probability, as an explanation if words are wrong. */
export function LanguageFound({ found }: { found: SpokenLanguage }) {
  const { language, text } = useText();
  return (
    <p className="language" data-testid="spoken-language">
      {text.call.spokenLanguage(languageName(found.language, language), percentText(found.probability, language))}
    </p>
  );
}
