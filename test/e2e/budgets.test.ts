import { measureFirstLoad, PAGE_BUDGET } from '@parley/demo';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from './support/Stage.js';

/** Machines that test are busy and differ: `npm run bench -- page` says what the budget is about. */
const NOISE = 3;

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  stage = await Stage.create();
  browser = await stage.launch();
}, 120_000);
afterAll(() => stage?.close());

it('opens for the first time with few bytes, and takes a name soon', async () => {
  const load = await measureFirstLoad({ browser, serverUrl: stage.url });
  // Page, script, style: what is counted is what was loaded.
  expect(load.requests).toBeGreaterThanOrEqual(3);
  expect(load.transferredBytes).toBeGreaterThan(20 * 1_024);
  expect(load.transferredBytes).toBeLessThanOrEqual(PAGE_BUDGET.firstLoadBytes);
  expect(load.interactiveMs).toBeGreaterThan(0);
  expect(load.interactiveMs).toBeLessThanOrEqual(NOISE * PAGE_BUDGET.interactiveMs);
});
