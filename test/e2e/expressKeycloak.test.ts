import { readFileSync } from 'node:fs';
import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import { resourcesOf } from '@parley/server/testing';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/freePort.js';
import { KEYCLOAK_START_TIMEOUT_MS, KeycloakServer, keycloakAvailable } from '../support/KeycloakServer.js';
import { Example } from './support/Example.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';

const CLIENT = readFileSync(Example.script('express-keycloak/keycloak-client.json'), 'utf8');
const PASSWORD = 'correct horse battery';
const SECRET = 'a-secret-of-this-test';
const JOIN_TIMEOUT_MS = 20_000;
const FINALS_TIMEOUT_MS = 30_000;
const MOST_EDITS = 2;
/** Of access tokens: the server asks for a new one at half of it. */
const SHORT_LIFE_S = 30;

describe.skipIf(!keycloakAvailable)('the example with Express and keycloak-connect', () => {
  let keycloak: KeycloakServer;
  let stage: Stage;
  let example: Example;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    keycloak = await KeycloakServer.start();
    stage = await Stage.create({ keycloak: { url: keycloak.url }, origins: [url] });
    await keycloak.admin.createClient(JSON.parse(CLIENT.replaceAll('http://localhost:3000', url)));
    await keycloak.admin.setClientSecret({ secret: SECRET, clientId: 'express-example' });
    ({ example } = await Example.start({
      args: [Example.script('express-keycloak/server.mjs')],
      env: {
        PARLEY_URL: stage.url,
        KEYCLOAK_URL: keycloak.url,
        KEYCLOAK_CLIENT_SECRET: SECRET,
        PORT: String(port),
      },
      ready: /Open (http:\S+)/,
    }));
  }, KEYCLOAK_START_TIMEOUT_MS + 60_000);
  afterEach((context) => stage.afterEach(context));
  afterAll(async () => {
    await example?.close();
    await stage?.close();
    await keycloak?.close();
  });

  async function createUser(username: string, lastName: string, roles = ['participant']): Promise<void> {
    const firstName = `${username.slice(0, 1).toUpperCase()}${username.slice(1)}`;
    await keycloak.admin.createUser({ username, password: PASSWORD, roles, firstName, lastName });
  }

  async function signIn(page: Page, username: string): Promise<void> {
    await page.locator('#username').fill(username);
    await page.locator('#password').fill(PASSWORD);
    await page.locator('#kc-login').click();
  }

  it('lets people in by their sign-in, shows what others say, renews their token, and lets them out', async () => {
    await keycloak.admin.setAccessTokenLifespan(SHORT_LIFE_S);
    await createUser('ada', 'Lovelace');
    await createUser('grace', 'Hopper');
    const browser = await stage.launch();
    const context = await stage.newContext(browser);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    const tokens = new Set<string>();
    page.on('response', async (response) => {
      if (response.url() === `${url}/token`) tokens.add(((await response.json()) as { token: string }).token);
    });

    await page.goto(url);
    await page.getByRole('link', { name: 'Captions' }).click();
    await signIn(page, 'ada');
    const status = page.getByRole('status');
    await expect.poll(() => status.innerText(), { timeout: JOIN_TIMEOUT_MS }).toBe('Ada Lovelace, in the room daily.');

    const { transports } = await resourcesOf(stage.server);
    // One for the first connection, one that the server asked for.
    await expect.poll(() => tokens.size, { timeout: SHORT_LIFE_S * 1_000 }).toBeGreaterThanOrEqual(2);
    expect((await resourcesOf(stage.server)).transports).toBe(transports);

    const { accessToken: token } = await keycloak.passwordToken({ username: 'grace', password: PASSWORD });
    const speaker = await PlayerPage.create({ browser, serverUrl: stage.url, audioFile: SPEECH.contract.file });
    await speaker.joinAsSpeaker({ displayName: 'Grace Hopper', room: 'daily', token });
    await speaker.startAt(Date.now() + 500);
    await speaker.ended();
    await speaker.leave();
    await speaker.close();
    const finals = page.locator('#captions li.final');
    await expect
      .poll(
        async () => {
          const said = (await finals.allInnerTexts()).join(' ').replaceAll('Grace Hopper:', '');
          return wordEdits(wordsOf(SPEECH.contract.text), wordsOf(said)) <= MOST_EDITS;
        },
        { timeout: FINALS_TIMEOUT_MS },
      )
      .toBe(true);
    expect(await finals.first().innerText()).toMatch(/^Grace Hopper: /);

    await page.getByRole('link', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'An application with captions' }).waitFor();
    await expect.poll(async () => (await resourcesOf(stage.server)).peers).toBe(0);
    expect((await page.request.get(`${url}/token`)).status()).toBe(403);
    await page.goto(`${url}/captions`);
    await page.locator('#kc-login').waitFor();
    expect(errors).toEqual([]);
    await browser.close();
  }, 180_000);

  it('shows its page to nobody without the role', async () => {
    await createUser('eve', 'Else', []);
    const browser = await stage.launch();
    const page = await (await stage.newContext(browser)).newPage();
    await page.goto(`${url}/captions`);
    await signIn(page, 'eve');
    await page.getByText('Access denied').waitFor();
    expect((await page.request.get(`${url}/token`)).status()).toBe(403);
    await browser.close();
  });
});
