import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import { resourcesOf } from '@parley/server/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/freePort.js';
import { Example } from './support/Example.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';

const FINALS_TIMEOUT_MS = 30_000;
const JOIN_TIMEOUT_MS = 20_000;
const MOST_EDITS = 2;

let stage: Stage;
let example: Example | undefined;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterEach(async (context) => {
  await example?.close();
  example = undefined;
  await stage.afterEach(context);
});
afterAll(() => stage?.close());

/** Somebody who says the sentence once in a room, and is gone then. */
async function sayContract(browser: Browser, room: string): Promise<void> {
  const speaker = await PlayerPage.create({ browser, serverUrl: stage.url, audioFile: SPEECH.contract.file });
  await speaker.joinAsSpeaker({ displayName: 'Grace', room });
  await speaker.startAt(Date.now() + 500);
  await speaker.ended();
  await speaker.leave();
  await speaker.close();
}

const isContract = (text: string) => wordEdits(wordsOf(SPEECH.contract.text), wordsOf(text)) <= MOST_EDITS;

/** Fills in the form that both pages have. */
async function join(page: Page, room: string): Promise<void> {
  await page.getByLabel('Name').fill('Ada');
  await page.getByLabel('Room').fill(room);
  await page.getByLabel('Speak').uncheck();
  await page.getByRole('button', { name: 'Join' }).click();
}

async function open(browser: Browser, url: string): Promise<{ page: Page; errors: string[] }> {
  const context = await stage.newContext(browser);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  return { page, errors };
}

describe('the examples of the SDK', () => {
  it('in plain HTML shows who says what', async () => {
    const { example: served, started: url } = await Example.start({
      args: [Example.script('plain/serve.mjs')],
      env: { PARLEY_URL: stage.url, PORT: '0' },
      ready: /Open (http:\S+)/,
    });
    example = served;
    const browser = await stage.launch();
    const { page, errors } = await open(browser, url);
    await join(page, 'plain');
    await expect
      .poll(() => page.getByRole('status').innerText(), { timeout: JOIN_TIMEOUT_MS })
      .toContain('In the room');
    await sayContract(browser, 'plain');
    const finals = page.locator('#captions li.final');
    await expect
      .poll(async () => isContract((await finals.allInnerTexts()).join(' ').replaceAll('Grace:', '')), {
        timeout: FINALS_TIMEOUT_MS,
      })
      .toBe(true);
    expect(await finals.first().innerText()).toMatch(/^Grace: /);
    expect(errors).toEqual([]);
    await browser.close();
  });

  it('in React joins, shows who says what, and leaves', async () => {
    const port = await freePort();
    const { example: served } = await Example.start({
      args: ['node_modules/vite/bin/vite.js', 'client-sdk/examples/react', '--port', String(port), '--strictPort'],
      env: { PARLEY_URL: stage.url },
      ready: /Local:/,
    });
    example = served;
    const browser = await stage.launch();
    const { page, errors } = await open(browser, `http://localhost:${port}`);
    await join(page, 'react');
    await expect.poll(() => page.getByRole('status').innerText(), { timeout: JOIN_TIMEOUT_MS }).toBe('react: joined');
    expect(await page.getByRole('listitem').first().innerText()).toBe('Ada');
    await sayContract(browser, 'react');
    await expect.poll(() => page.getByLabel('Captions').innerText(), { timeout: FINALS_TIMEOUT_MS }).toContain('Grace');
    const finals = page.locator('[aria-label="Transcript"] li.final');
    await expect
      .poll(async () => isContract((await finals.allInnerTexts()).join(' ').replaceAll('Grace:', '')), {
        timeout: FINALS_TIMEOUT_MS,
      })
      .toBe(true);
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('button', { name: 'Join' }).waitFor();
    await expect.poll(async () => (await resourcesOf(stage.server)).peers).toBe(0);
    expect(errors).toEqual([]);
    await browser.close();
  });

  it('without a browser prints final lines, and ends when it is told to', async () => {
    const ca = stage.server.certificateAuthority ?? '';
    const { example: bot } = await Example.start({
      args: [Example.script('headless/index.mjs'), '--url', stage.url, '--room', 'headless', '--ca', ca],
      ready: /Reading along/,
    });
    example = bot;
    const browser = await stage.launch();
    await sayContract(browser, 'headless');
    await expect
      .poll(() => isContract(bot.lines.join(' ').replaceAll('Grace:', '')), { timeout: FINALS_TIMEOUT_MS })
      .toBe(true);
    for (const line of bot.lines) expect(line).toMatch(/^Grace: /);
    await browser.close();
    expect(await bot.close()).toBe(0);
    await expect.poll(async () => (await resourcesOf(stage.server)).peers).toBe(0);
  });

  it('without a browser trusts no certificate that it was not told of', async () => {
    const args = [Example.script('headless/index.mjs'), '--url', stage.url, '--room', 'headless'];
    const { example: bot } = await Example.start({ args, ready: /The server cannot be reached\./ });
    example = bot;
    expect(await bot.ended()).toBe(1);
  });
});
