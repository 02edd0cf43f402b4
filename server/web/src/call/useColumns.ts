import { type RefObject, useLayoutEffect, useState } from 'react';
import { columnsOf } from './columnsOf.js';

/** Follows the size of a grid of tiles. @returns in how many columns they stand */
export function useColumns(grid: RefObject<HTMLElement | null>, count: number): number {
  const [box, setBox] = useState({ width: 0, height: 0, gap: 0 });
  useLayoutEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const measure = () => {
      const gap = Number.parseFloat(getComputedStyle(element).columnGap) || 0;
      setBox({ width: element.clientWidth, height: element.clientHeight, gap });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [grid]);
  return columnsOf({ count, ...box });
}
