import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

/**
 * Says where the focus goes when an element goes away with it. Otherwise it falls to the page itself, and whoever works by keyboard
 * begins anew.
 * @param options.heirId the id of an element that is there by then; without one, the focus is left alone
 */
export function useFocusHeir(options: { element: RefObject<HTMLElement | null>; heirId: string }): void {
  const { element, heirId } = options;
  const heir = useRef(heirId);
  useEffect(() => {
    heir.current = heirId;
  }, [heirId]);
  // Of effects, only these end while the element is still in the page.
  useLayoutEffect(() => {
    const here = element.current;
    return () => {
      if (here?.contains(document.activeElement) !== true) return;
      // What comes in its place is not in the page yet.
      queueMicrotask(() => {
        if (document.activeElement === document.body) document.getElementById(heir.current)?.focus();
      });
    };
  }, [element]);
}
