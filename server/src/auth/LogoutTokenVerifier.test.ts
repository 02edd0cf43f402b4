import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LogoutTokenVerifier } from './LogoutTokenVerifier.js';
import { ISSUER, NOW, SigningIssuer } from './testing/SigningIssuer.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const NOW_S = NOW / 1_000;

let issuer: SigningIssuer;
let stranger: SigningIssuer;
let verifier: LogoutTokenVerifier;
let now: number;
beforeAll(async () => {
  issuer = await SigningIssuer.create();
  stranger = await SigningIssuer.create({ kid: issuer.kid });
});
beforeEach(() => {
  now = NOW;
  verifier = new LogoutTokenVerifier({ issuer: ISSUER, clientId: 'parley-web', keyFor: issuer.keyFor, now: () => now });
});

const claims = (overrides: Record<string, unknown> = {}) => ({
  aud: 'parley-web',
  typ: 'Logout',
  jti: `${Math.random()}`,
  sid: 's1',
  events: { [EVENT]: {} },
  exp: NOW_S + 120,
  ...overrides,
});
const logout = (overrides: Record<string, unknown> = {}, header = {}) =>
  issuer.sign(claims(overrides), { typ: 'logout+jwt', ...header });

describe('a logout token', () => {
  test('K16 good: names the sign-in, or the person where it names none', async () => {
    expect(await verifier.verifyLogout(await logout())).toEqual({ sessionId: 's1', subject: 'ada' });
    expect(await verifier.verifyLogout(await logout({ sid: undefined }))).toEqual({ subject: 'ada' });
    expect(await verifier.verifyLogout(await logout({}, { typ: 'JWT' }))).toMatchObject({ sessionId: 's1' });
  });

  test('K16 replayed: counts once', async () => {
    const token = await logout();
    await verifier.verifyLogout(token);
    await expect(verifier.verifyLogout(token)).rejects.toThrow('used before');
    now += 125_000;
    await expect(verifier.verifyLogout(token)).rejects.toThrow(/before/);
    now += 30_000;
    await expect(verifier.verifyLogout(token)).rejects.toThrow(/exp/);
  });

  test.each([
    ['with a nonce', () => logout({ nonce: 'n' }), /nonce/],
    ['with other events', () => logout({ events: { 'http://other': {} } }), /no logout event/],
    ['without events', () => logout({ events: undefined }), /no logout event/],
    ['with events that are a text', () => logout({ events: EVENT }), /no logout event/],
    ['expired', () => logout({ iat: NOW_S - 400, exp: NOW_S - 300 }), /exp/],
    ['old and without an end', () => logout({ iat: NOW_S - 400, exp: undefined }), /expired/],
    ['with a long life', () => logout({ exp: NOW_S + 3_600 }), /two minutes/],
    ['without an id', () => logout({ jti: undefined }), /jti/],
    ['without sub and sid', () => logout({ sub: undefined, sid: undefined }), /neither/],
    ['for another client', () => logout({ aud: 'other' }), /aud/],
    ['of another issuer', () => logout({ iss: 'https://evil.example' }), /iss/],
    ['of the type of an access token', () => logout({}, { typ: 'at+jwt' }), /wrong token type/],
    ['forged', () => stranger.sign(claims(), { typ: 'logout+jwt' }), /signature/],
  ])('K16 %s: is refused', async (_, make, reason) => {
    await expect(verifier.verifyLogout(await make())).rejects.toThrow(reason);
  });

  test('is remembered in bounded room', async () => {
    const first = await logout({ jti: 'first' });
    await verifier.verifyLogout(first);
    const filler = new LogoutTokenVerifier({
      issuer: ISSUER,
      clientId: 'parley-web',
      keyFor: issuer.keyFor,
      now: () => now,
    });
    const token = await logout();
    await filler.verifyLogout(token);
    await expect(filler.verifyLogout(token)).rejects.toThrow('used before');
  });
});

describe("Keycloak's push-not-before", () => {
  const action = (overrides: Record<string, unknown> = {}) =>
    issuer.sign({
      iss: undefined,
      aud: undefined,
      exp: undefined,
      action: 'PUSH_NOT_BEFORE',
      id: `${Math.random()}`,
      resource: 'parley-web',
      notBefore: NOW_S - 5,
      expiration: NOW_S + 30,
      ...overrides,
    });

  test('says from when on tokens hold', async () => {
    expect(await verifier.verifyNotBefore(await action())).toEqual({ notBeforeMs: NOW - 5_000 });
  });

  test.each([
    ['for another client', { resource: 'other' }, /another client/],
    ['that is another action', { action: 'LOGOUT' }, /unknown action/],
    ['that has run out', { expiration: NOW_S - 60 }, /expired/],
    ['without an end', { expiration: undefined }, /expired/],
    ['without a time', { notBefore: undefined }, /no notBefore/],
    ['without an id', { id: undefined }, /no id/],
  ])('%s is refused', async (_, overrides, reason) => {
    await expect(verifier.verifyNotBefore(await action(overrides))).rejects.toThrow(reason);
  });

  test('that is an access token is refused', async () => {
    await expect(verifier.verifyNotBefore(await issuer.sign())).rejects.toThrow(/unknown action/);
  });
});
