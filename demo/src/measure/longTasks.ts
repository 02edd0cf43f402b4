/// <reference lib="dom" />
import type { Page } from 'playwright-core';

/** A period in which the page could not react, 50 ms or longer. Times of the page's own clock. */
export interface LongTask {
  startMs: number;
  durationMs: number;
}

declare global {
  interface Window {
    /** Includes entries that the observer has not delivered yet. */
    parleyLongTasks: () => LongTask[];
  }
}

/** From the next navigation on, the page records its long tasks. */
export async function watchLongTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const tasks: LongTask[] = [];
    const keep = (entries: PerformanceEntryList) => {
      for (const { startTime, duration } of entries) tasks.push({ startMs: startTime, durationMs: duration });
    };
    const observer = new PerformanceObserver((list) => keep(list.getEntries()));
    observer.observe({ type: 'longtask', buffered: true });
    window.parleyLongTasks = () => {
      keep(observer.takeRecords());
      return tasks;
    };
  });
}

export function longTasksOf(page: Page): Promise<LongTask[]> {
  return page.evaluate(() => window.parleyLongTasks());
}

/** The page's own clock. */
export function nowOf(page: Page): Promise<number> {
  return page.evaluate(() => performance.now());
}

/** The longest one that overlaps a period; 0 if there was none. */
export function longestTaskMs(options: { tasks: readonly LongTask[]; fromMs: number; toMs: number }): number {
  const { tasks, fromMs, toMs } = options;
  const within = tasks.filter(({ startMs, durationMs }) => startMs + durationMs > fromMs && startMs < toMs);
  return Math.max(0, ...within.map(({ durationMs }) => durationMs));
}
