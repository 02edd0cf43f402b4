import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Distance from the end at which the list still counts as scrolled to its end. */
const AT_END_PX = 48;
const ROW_PX = 56;
const OVERSCAN = 8;

export interface FollowedList {
  scroller: RefObject<HTMLDivElement | null>;
  virtualizer: Virtualizer<HTMLDivElement, Element>;
  /** Whether to keep the newest row visible. */
  following: boolean;
  onScroll: () => void;
  jumpToEnd: () => void;
  jumpTo: (index: number) => void;
}

/** A virtual list: only visible rows are rendered. Stays at its end until the reader scrolls away. */
export function useFollowedList(rows: readonly { id: string }[]): FollowedList {
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const lastTop = useRef(0);
  const virtualizer = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: useCallback((index: number) => rows[index]?.id ?? index, [rows]),
    overscan: OVERSCAN,
  });
  const size = virtualizer.getTotalSize();

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    lastTop.current = element.scrollTop;
  }, []);

  // Rows are measured after they were drawn, so the end moves by itself, too.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new size or new rows are the reason to go there
  useLayoutEffect(() => {
    if (following) toEnd();
  }, [following, size, rows, toEnd]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null || !following) return;
    const observer = new ResizeObserver(toEnd);
    observer.observe(element);
    return () => observer.disconnect();
  }, [following, toEnd]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
    // Only the reader scrolls up; the end of the list can also move away by itself.
    if (atEnd) setFollowing(true);
    else if (element.scrollTop < lastTop.current) setFollowing(false);
    lastTop.current = element.scrollTop;
  }, []);

  const jumpToEnd = useCallback(() => {
    setFollowing(true);
    toEnd();
  }, [toEnd]);

  const jumpTo = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (element === null || element.scrollHeight - element.clientHeight < AT_END_PX) return;
      setFollowing(false);
      virtualizer.scrollToIndex(index, { align: 'center' });
    },
    [virtualizer],
  );

  return { scroller, virtualizer, following, onScroll, jumpToEnd, jumpTo };
}
