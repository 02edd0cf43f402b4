import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wordEdits, wordsOf } from '@parley/demo';
import { resourcesOf } from '@parley/server/testing';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureDevelopmentCertificate } from '../../certs/generate.mjs';
import { freePort } from '../support/freePort.js';
import { KEYCLOAK_START_TIMEOUT_MS, KeycloakServer, keycloakAvailable } from '../support/KeycloakServer.js';
import { MeetingPage } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { SPEECH, wavOf } from './support/speech.js';

const PASSWORD = 'correct horse battery';
const SIGN_OUT_MS = 5_000;
const SENTENCE_TIMEOUT_MS = 60_000;
/** Of access tokens: less than the page wants to have left, so that each answer to the server must be a new one. */
const SHORT_LIFE_S = 70;

describe.skipIf(!keycloakAvailable)('with Keycloak', () => {
  let keycloak: KeycloakServer;
  let stage: Stage;
  let logFile: string;
  beforeAll(async () => {
    const port = await freePort();
    const origin = `https://127.0.0.1:${port}`;
    stage = await Stage.create(async (folder) => {
      // Keycloak calls back, so it has to know the authority of the certificate that the server is going to have.
      const { caPath } = await ensureDevelopmentCertificate({ dir: join(folder, 'data', 'tls'), addresses: [] });
      keycloak = await KeycloakServer.start({
        caFile: caPath,
        redirectOrigin: origin,
        backchannelUrl: `${origin}/auth/backchannel-logout`,
      });
      logFile = join(folder, 'server.log');
      return { port, keycloak: { url: keycloak.url }, log: { level: 'trace', file: logFile } };
    });
  }, KEYCLOAK_START_TIMEOUT_MS + 60_000);
  afterEach((context) => stage.afterEach(context));
  afterAll(async () => {
    await stage?.close();
    await keycloak?.close();
  });

  async function enter(options: { browser: Browser; username: string; room: string }): Promise<MeetingPage> {
    const { browser, username, room } = options;
    const meeting = await MeetingPage.open({ context: await stage.newContext(browser), url: stage.url });
    await meeting.get('sign-in-button').click();
    await meeting.page.locator('#username').fill(username);
    await meeting.page.locator('#password').fill(PASSWORD);
    await meeting.page.locator('#kc-login').click();
    await meeting.get('signed-in').waitFor();
    await meeting.microphoneAnswered();
    await meeting.get('room-input').fill(room);
    await meeting.get('join-button').click();
    await meeting.get('leave-button').waitFor();
    return meeting;
  }

  it('lets people in by their sign-in, under the name that Keycloak knows, and out within 5 s of its end', async () => {
    const person = { password: PASSWORD, roles: ['participant'] };
    const ada = await keycloak.admin.createUser({ ...person, username: 'ada', firstName: 'Ada', lastName: 'Lovelace' });
    await keycloak.admin.createUser({ ...person, username: 'ben', firstName: 'Ben', lastName: 'Franklin' });
    const decoder = await stage.launch();
    const speaking = await wavOf({
      browser: decoder,
      sounds: [{ silenceMs: 2_500 }, SPEECH.contract, { silenceMs: 2_000 }],
    });
    await decoder.close();
    const listening = await stage.launchWithMicrophone(await silence(stage));
    const benPage = await enter({ browser: listening, username: 'ben', room: 'signed' });
    const adaPage = await enter({
      browser: await stage.launchWithMicrophone(speaking),
      username: 'ada',
      room: 'signed',
    });
    const adaTile = benPage.participant('Ada Lovelace');
    await adaTile.getByTitle('Signed in as ada', { exact: true }).waitFor();
    await expect
      .poll(
        async () =>
          (await benPage.finals()).some(
            ({ text, speaker }) =>
              speaker.includes('Ada Lovelace') && wordEdits(wordsOf(SPEECH.contract.text), wordsOf(text)) <= 1,
          ),
        { timeout: SENTENCE_TIMEOUT_MS },
      )
      .toBe(true);
    const { transports } = await resourcesOf(stage.server);

    const signedOutAt = performance.now();
    await keycloak.admin.logoutUser(ada);
    await expect.poll(() => benPage.participant('Ada Lovelace').count(), { timeout: SIGN_OUT_MS }).toBe(0);
    await expect
      .poll(async () => (await resourcesOf(stage.server)).transports, { timeout: SIGN_OUT_MS })
      .toBe((transports ?? 0) - 2);
    expect(performance.now() - signedOutAt).toBeLessThan(SIGN_OUT_MS);
    await expect.poll(() => adaPage.get('error').getAttribute('data-code')).toBe('SIGNED_OUT');
    expect(await benPage.get('state').getAttribute('data-state')).toBe('joined');

    // Of all that, the logs know ids alone: no words, no names, no tokens.
    const logs = (await Promise.all([logFile, stage.auditFile].map((file) => readFile(file, 'utf8')))).join('\n');
    expect(logs).toContain('"signedOut"');
    expect(logs).toContain(ada);
    for (const canary of [/contract/i, /lovelace/i, /franklin/i, /eyJ[\w-]/]) expect(logs).not.toMatch(canary);
  }, 240_000);

  it('K13 goes on speaking and reading while tokens run out and are renewed, with the same media', async () => {
    await keycloak.admin.setAccessTokenLifespan(SHORT_LIFE_S);
    await keycloak.admin.createUser({
      username: 'eva',
      password: PASSWORD,
      roles: ['participant'],
      firstName: 'Eva',
      lastName: 'Endless',
    });
    const decoder = await stage.launch();
    const speaking = await wavOf({ browser: decoder, sounds: [SPEECH.contract, { silenceMs: 3_000 }] });
    await decoder.close();
    const browser = await stage.launchWithMicrophone(speaking);
    const meeting = await enter({ browser, username: 'eva', room: 'endless' });
    let renewals = 0;
    meeting.page.on('request', (request) => {
      if (request.url().endsWith('/protocol/openid-connect/token')) renewals += 1;
    });
    const states: (string | null)[] = [];
    const finals = async () => (await meeting.history()).filter(({ status }) => status === 'final').length;
    // Past the end of the token that the meeting was joined with, and its time of grace.
    const until = performance.now() + (SHORT_LIFE_S + 35) * 1_000;
    const { transports } = await resourcesOf(stage.server);
    while (performance.now() < until) {
      states.push(await meeting.get('state').getAttribute('data-state'));
      expect((await resourcesOf(stage.server)).transports).toBe(transports);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const before = await finals();
    await expect.poll(finals, { timeout: SENTENCE_TIMEOUT_MS }).toBeGreaterThan(before);
    expect(new Set(states)).toEqual(new Set(['joined']));
    // At half their life each; a page that is given the same token again would ask without end.
    expect(renewals).toBeGreaterThanOrEqual(2);
    expect(renewals).toBeLessThanOrEqual(6);
    expect(meeting.errors).toEqual([]);
    await keycloak.admin.setAccessTokenLifespan(300);
    await browser.close();
  }, 300_000);

  it('gives moderators what others do not see: mute, remove, lock, end', async () => {
    const person = { password: PASSWORD, firstName: 'Mia' };
    await keycloak.admin.createUser({ ...person, username: 'mia', lastName: 'Moderator', roles: ['moderator'] });
    await keycloak.admin.createUser({ ...person, username: 'max', lastName: 'Member', roles: ['participant'] });
    const browser = await stage.launchWithMicrophone(await silence(stage));
    const member = await enter({ browser, username: 'max', room: 'moderated' });
    const moderator = await enter({ browser, username: 'mia', room: 'moderated' });
    await moderator.participant('Mia Member').waitFor();
    expect(await member.get('lock-button').count()).toBe(0);
    expect(await member.get('remove-button').count()).toBe(0);

    await moderator.participant('Mia Member').getByTestId('participant-menu').click();
    await moderator.get('mute-other-button').click();
    await member.get('ask-button').waitFor();
    await expect.poll(() => moderator.participant('Mia Member').getAttribute('data-muted')).toBe('true');
    await moderator.participant('Mia Member').getByTestId('participant-menu').click();
    await moderator.get('lift-mute-button').click();
    await expect.poll(() => member.get('mute-button').textContent()).toBe('Unmute');
    await member.get('mute-button').click();
    await expect.poll(() => moderator.participant('Mia Member').getAttribute('data-muted')).toBe('false');

    await moderator.get('moderation-button').click();
    await moderator.get('lock-button').click();
    await expect.poll(() => member.page.locator('header').textContent()).toContain('locked');
    await moderator.participant('Mia Member').getByTestId('participant-menu').click();
    await moderator.get('remove-button').click();
    await expect.poll(() => member.get('error').getAttribute('data-code')).toBe('REMOVED');
    await expect.poll(() => moderator.get('participant').count()).toBe(1);
    await moderator.get('moderation-button').click();
    await moderator.get('end-button').click();
    await moderator.get('end-sure-button').click();
    await expect.poll(() => moderator.get('error').getAttribute('data-code')).toBe('MEETING_ENDED');
    expect([...member.errors, ...moderator.errors]).toEqual([]);
  }, 120_000);

  it('asks people to sign in where it has no guests', async () => {
    const browser = await stage.launch();
    const meeting = await MeetingPage.open({ context: await stage.newContext(browser), url: stage.url });
    await meeting.get('sign-in-button').waitFor();
    expect(await meeting.get('name-input').count()).toBe(0);
    expect(await meeting.get('join-button').isDisabled()).toBe(true);
    await browser.close();
  }, 60_000);
});

async function silence(stage: Stage): Promise<Buffer> {
  const decoder = await stage.launch();
  const wav = await wavOf({ browser: decoder, sounds: [{ silenceMs: 2_000 }] });
  await decoder.close();
  return wav;
}
