import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { encodeWav } from './wav.js';

/** The rate of a fake microphone: the one that browsers request from a real one. */
export const MICROPHONE_SAMPLE_RATE = 48_000;

/** One spoken sentence: 0.3 s of silence, the words, 0.5 s of silence. */
export interface Speech {
  file: string;
  text: string;
}

const sentence = (file: string, text: string): Speech => ({
  file: fileURLToPath(new URL(`../../fixtures/speech/${file}.flac`, import.meta.url)),
  text,
});

/** Synthetic voices with words that the built-in model knows, 3.5 to 5.6 s each. */
export const SPEECH = {
  contract: sentence('en-01', 'Please review the final version of the contract before Wednesday.'),
  launch: sentence('en-02', 'The launch of the mobile application was moved to the second week of June.'),
  results: sentence('en-03', 'Emma will share the test results with the security team.'),
  engineers: sentence('en-04', 'How many engineers do we need for the next release?'),
  revenue: sentence('en-06', 'Our revenue grew by twenty five percent in the first quarter.'),
  call: sentence('en-08', "Let's schedule another call with the client on Tuesday afternoon."),
} as const;

/** Input of a microphone: a sentence, or silence. */
export type Sound = Speech | { silenceMs: number };

/** Makes a WAV file from consecutive sounds; a browser decodes them. */
export async function wavOf(options: { browser: Browser; sounds: readonly Sound[] }): Promise<Buffer> {
  const parts: Float32Array[] = [];
  for (const sound of options.sounds) {
    if ('silenceMs' in sound) parts.push(new Float32Array((sound.silenceMs * MICROPHONE_SAMPLE_RATE) / 1_000));
    else parts.push(await decode(options.browser, sound.file));
  }
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    samples.set(part, offset);
    offset += part.length;
  }
  return encodeWav({ samples, sampleRate: MICROPHONE_SAMPLE_RATE });
}

async function decode(browser: Browser, file: string): Promise<Float32Array> {
  const page = await browser.newPage();
  try {
    const encoded = (await readFile(file)).toString('base64');
    const decoded = await page.evaluate(
      async ({ base64, sampleRate }) => {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const buffer = await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(bytes.buffer);
        return Array.from(buffer.getChannelData(0));
      },
      { base64: encoded, sampleRate: MICROPHONE_SAMPLE_RATE },
    );
    return Float32Array.from(decoded);
  } finally {
    await page.close();
  }
}
