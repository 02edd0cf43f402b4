import { type RefObject, useLayoutEffect, useState } from 'react';
import { columnsOf } from './columnsOf.js';

/** Observes the size of the grid. @returns the number of columns */
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
