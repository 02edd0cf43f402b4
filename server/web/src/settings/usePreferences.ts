import { useSyncExternalStore } from 'react';
import { type CaptionPreferences, type Preferences, preferencesOf } from './preferences.js';

const KEY = 'parley.preferences';

let current = preferencesOf(kept());
const listeners = new Set<() => void>();

export function readPreferences(): Preferences {
  return current;
}

/** The current preferences; all parts of the page see a change at once. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, readPreferences);
}

export function changePreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Private windows may refuse storage; the value then lasts until the page is left.
  }
  for (const listener of listeners) listener();
}

export function changeCaptions(change: Partial<CaptionPreferences>): void {
  changePreferences({ captions: { ...current.captions, ...change } });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
