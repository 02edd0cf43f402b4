import { join } from 'node:path';
import {
  type FirstLoad,
  filledTranscript,
  type LongTranscript,
  launchChromium,
  measureFirstLoad,
  measureLongTranscript,
  SYNTHETIC_MEETING,
  startOwnServer,
} from '@parley/demo';
import type { BenchResult } from '../report.js';
import { resultOf } from './resultOf.js';

const DEFAULT_LOADS = 7;
const DEFAULT_SEGMENTS = 10_000;

/** The cost of the meeting page: its first load, and scrolling a long transcript while someone speaks. In Chromium. */
export async function benchPage(options: { loads?: number; segments?: number } = {}): Promise<BenchResult> {
  const { loads = DEFAULT_LOADS, segments = DEFAULT_SEGMENTS } = options;
  const server = await startOwnServer({ transcripts: filledTranscript({ segments }) });
  try {
    const firstLoads = await loadOften({ serverUrl: server.url, times: loads });
    const transcript = await readLong({ serverUrl: server.url, segments });
    return resultOf({ firstLoads, transcript });
  } finally {
    await server.close();
  }
}

/** Each in a new browser, because a used one keeps more than its cache. */
async function loadOften(options: { serverUrl: string; times: number }): Promise<FirstLoad[]> {
  const results: FirstLoad[] = [];
  for (let index = 0; index < options.times; index += 1) {
    const browser = await launchChromium();
    try {
      results.push(await measureFirstLoad({ browser, serverUrl: options.serverUrl }));
    } finally {
      await browser.close();
    }
  }
  return results;
}

async function readLong(options: { serverUrl: string; segments: number }): Promise<LongTranscript> {
  const browser = await launchChromium();
  try {
    return await measureLongTranscript({ browser, ...options, audioFile: join(SYNTHETIC_MEETING, 'sarah.flac') });
  } finally {
    await browser.close();
  }
}
