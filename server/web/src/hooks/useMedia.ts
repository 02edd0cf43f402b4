import { useCallback, useSyncExternalStore } from 'react';

/** Below this width there is room either for the stage or for the transcript. */
export const NARROW = '(max-width: 59.99rem)';

/** Whether a media query matches. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
