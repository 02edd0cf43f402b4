import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { Stage } from './Stage.js';
import type { Sound } from './speech.js';

/**
 * Starts a stage for a test file, and a browser whose microphone hears `sounds`, again and again. Both end with the file.
 * @param settings that differ from `Stage.create`'s
 * @param sounds default silence
 */
export function useStage(options: { settings?: Parameters<typeof Stage.create>[0]; sounds?: Sound[] } = {}): {
  readonly stage: Stage;
  readonly browser: Browser;
} {
  const { settings, sounds = [{ silenceMs: 2_000 }] } = options;
  let stage: Stage | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    stage = await Stage.create(settings);
    browser = await stage.launchHearing(sounds);
  }, 120_000);
  afterEach((context) => stage?.afterEach(context));
  afterAll(() => stage?.close());
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('The stage is used before it has started.');
    return part;
  };
  return {
    get stage() {
      return started(stage);
    },
    get browser() {
      return started(browser);
    },
  };
}
