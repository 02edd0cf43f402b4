import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

/**
 * Moves the focus to another element when the focused one disappears. Otherwise it would fall back to the page, and keyboard users would
 * have to start from the top.
 * @param options.heirId the id of an element that exists by then; if omitted, the focus is left alone
 */
export function useFocusHeir(options: { element: RefObject<HTMLElement | null>; heirId: string }): void {
  const { element, heirId } = options;
  const heir = useRef(heirId);
  useEffect(() => {
    heir.current = heirId;
  }, [heirId]);
  // Only layout effects are cleaned up while the element is still in the page.
  useLayoutEffect(() => {
    const here = element.current;
    return () => {
      if (here?.contains(document.activeElement) !== true) return;
      // The replacement is not in the page yet.
      queueMicrotask(() => {
        if (document.activeElement === document.body) document.getElementById(heir.current)?.focus();
      });
    };
  }, [element]);
}
