/// <reference lib="dom" />
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** WCAG 2.2 at level AA, and best practices beyond it. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Adds what `violationsOf` needs to the pages of a context, from their next navigation on. The page's own policy does not apply to it. */
export async function prepareAudit(context: BrowserContext): Promise<void> {
  await context.addInitScript({ path: AXE });
}

/** Violations found by axe-core, a line for each element: rule, place, reason. */
export function violationsOf(page: Page): Promise<string[]> {
  return page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    );
  }, TAGS);
}

/** The same for contrast within one element, even if it is hidden from screen readers. */
export function contrastViolationsOf(page: Page, options: { testId: string }): Promise<string[]> {
  return page.evaluate(async (testId) => {
    const element = document.querySelector(`[data-testid="${testId}"]`);
    if (element === null) throw new Error(`there is no ${testId}`);
    const hidden = element.getAttribute('aria-hidden');
    element.removeAttribute('aria-hidden');
    const { violations } = await window.axe.run(element, { runOnly: { type: 'rule', values: ['color-contrast'] } });
    if (hidden !== null) element.setAttribute('aria-hidden', hidden);
    return violations.flatMap(({ nodes }) => nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`));
  }, options.testId);
}
