import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { usePreferences } from '../settings/usePreferences.js';
import { type Dictionary, en } from './en.js';
import { LANGUAGES, type Language, languageOf, loadDictionary } from './languages.js';

export interface Spoken {
  language: Language;
  text: Dictionary;
}

const Context = createContext<Spoken>({ language: 'en', text: en });

/** The texts of the page in the chosen language. */
export function useText(): Spoken {
  return use(Context);
}

/** The language to start with; English if its dictionary cannot be loaded. */
export async function firstSpoken(choice: Parameters<typeof languageOf>[0]['choice']): Promise<Spoken> {
  return speak(languageOf({ choice, wanted: navigator.languages }));
}

/** Follows the person's choice, and sets the language and text direction of the document. */
export function I18nProvider({ first, children }: { first: Spoken; children: ReactNode }) {
  const { language: choice } = usePreferences();
  const wanted = useMemo(() => languageOf({ choice, wanted: navigator.languages }), [choice]);
  const [spoken, setSpoken] = useState(first);

  useEffect(() => {
    let ended = false;
    void speak(wanted).then((next) => ended || setSpoken(next));
    return () => {
      ended = true;
    };
  }, [wanted]);

  useEffect(() => {
    document.documentElement.lang = spoken.language;
    document.documentElement.dir = LANGUAGES[spoken.language].dir;
  }, [spoken]);

  return <Context value={spoken}>{children}</Context>;
}

async function speak(language: Language): Promise<Spoken> {
  try {
    return { language, text: await loadDictionary(language) };
  } catch {
    return { language: 'en', text: en };
  }
}
