import { createHmac, createPublicKey, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { TokenVerifier, type TokenVerifierOptions } from './TokenVerifier.js';
import { AUDIENCE, ISSUER, NOW, SigningIssuer } from './testing/SigningIssuer.js';

let issuer: SigningIssuer;
let stranger: SigningIssuer;
beforeAll(async () => {
  issuer = await SigningIssuer.create();
  stranger = await SigningIssuer.create();
});

function verifier(overrides: Partial<TokenVerifierOptions> = {}) {
  const reasons: string[] = [];
  const made = new TokenVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    keyFor: issuer.keyFor,
    clientId: 'parley-web',
    now: () => NOW,
    onRefused: (reason) => reasons.push(reason),
    ...overrides,
  });
  return { verify: (token: string) => made.verify(token), reasons };
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an access token that holds', () => {
  test('tells who somebody is, with roles of the realm and of the client', async () => {
    const token = await issuer.sign({
      sid: 's1',
      azp: 'parley-web',
      name: 'Ada Lovelace',
      realm_access: { roles: ['participant', 'offline_access'] },
      resource_access: { 'parley-web': { roles: ['moderator'] }, other: { roles: ['admin'] } },
    });
    expect(await verifier().verify(token)).toEqual({
      clientId: 'parley-web',
      serviceAccountOf: undefined,
      identity: {
        issuer: ISSUER,
        subject: 'ada',
        displayName: 'Ada Lovelace',
        nameSource: 'signedIn',
        accountName: 'ada',
        roles: ['participant', 'moderator'],
        sessionId: 's1',
        issuedAtMs: NOW,
        expiresAtMs: NOW + 300_000,
      },
    });
  });

  test('H19 has the roles that the settings map its names to, and none for the same words of other applications', async () => {
    const roleNames = { participant: ['staff', 'students'], moderator: ['parley-moderator'], archivist: [], admin: [] };
    const rolesOf = async (realm: string[], client: string[] = []) => {
      const resource_access = { 'parley-web': { roles: client } };
      const token = await issuer.sign({ realm_access: { roles: realm }, resource_access });
      return (await verifier({ roleNames }).verify(token)).identity.roles;
    };
    expect(await rolesOf(['admin', 'moderator', 'archivist', 'participant'])).toEqual([]);
    expect(await rolesOf(['students', 'admin'])).toEqual(['participant']);
    expect(await rolesOf(['staff'], ['parley-moderator', 'admin'])).toEqual(['participant', 'moderator']);
  });

  test('of another provider may say in its header that it is one (RFC 9068)', async () => {
    const token = await issuer.sign({ typ: undefined }, { typ: 'at+jwt' });
    expect((await verifier().verify(token)).identity.subject).toBe('ada');
  });

  test.each([
    [{ name: undefined, preferred_username: 'ada99' }, 'ada99'],
    [{ name: '  ', preferred_username: undefined }, 'Participant'],
    [{ name: { $ne: '' } }, 'ada'],
    [{ name: 'a\u202Eb\u0000c\nd' }, 'a b c d'],
    [{ name: 'Ada 👩‍💻' }, 'Ada 👩‍💻'],
    [{ name: '\u3164' }, 'ada'],
    [{ name: 'x'.repeat(100) }, 'x'.repeat(64)],
    [{ name: '😀'.repeat(40) }, '😀'.repeat(32)],
    [{ name: 'e\u0301' }, '\u00E9'],
  ])('with a name like %j is captioned as %s', async (claims, displayName) => {
    expect((await verifier().verify(await issuer.sign(claims))).identity.displayName).toBe(displayName);
  });
});

describe('a token that does not hold', () => {
  const cases: [string, () => Promise<string>][] = [
    ['alg none', async () => `${base64({ alg: 'none', typ: 'JWT' })}.${base64(issuer.claims())}.`],
    [
      'HS256 signed with the public key',
      async () => {
        const pem = createPublicKey({ key: issuer.publicJwk as never, format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        });
        const body = `${base64({ alg: 'HS256', typ: 'JWT', kid: issuer.kid })}.${base64(issuer.claims())}`;
        return `${body}.${createHmac('sha256', pem as unknown as KeyObject)
          .update(body)
          .digest('base64url')}`;
      },
    ],
    ['wrong issuer', () => issuer.sign({ iss: 'https://id.example/realms/other' })],
    ['issuer that only begins alike', () => issuer.sign({ iss: `${ISSUER}/` })],
    ['wrong audience', () => issuer.sign({ aud: 'account' })],
    ['no audience', () => issuer.sign({ aud: undefined })],
    ['expired', () => issuer.sign({ iat: NOW / 1_000 - 400, exp: NOW / 1_000 - 11 })],
    ['not before a moment that is to come', () => issuer.sign({ nbf: NOW / 1_000 + 11 })],
    ['no expiry', () => issuer.sign({ exp: undefined })],
    ['no time of issue', () => issuer.sign({ iat: undefined })],
    ['no subject', () => issuer.sign({ sub: undefined })],
    ['a life of more than a day', () => issuer.sign({ exp: NOW / 1_000 + 24 * 3_600 + 1 })],
    ['ID token', () => issuer.sign({ typ: 'ID' })],
    ['refresh token', () => issuer.sign({ typ: 'Refresh' })],
    ['logout token', () => issuer.sign({ typ: 'Logout' }, { typ: 'logout+jwt' })],
    ['room token', () => issuer.sign({}, { typ: 'parley-room+jwt' })],
    ['another realm with the same key id', () => stranger.sign({}, { kid: issuer.kid })],
    ['key id with a path in it', () => stranger.sign({}, { kid: '../../../../etc/passwd' })],
    ['jku to an attacker', () => stranger.sign({}, { kid: 'x', jku: 'https://evil.example/jwks' })],
    ['its own key in the header', () => stranger.sign({}, { kid: 'x', jwk: stranger.publicJwk })],
    [
      'changed after it was signed',
      async () => (await issuer.sign()).replace(/\.[^.]+\./, `.${base64(issuer.claims({ sub: 'ben' }))}.`),
    ],
    ['no token at all', async () => 'nonsense'],
    ['longer than any token', async () => `${await issuer.sign()}${'x'.repeat(10_000)}`],
  ];

  test.each(cases)('K1-K8 %s: is refused with the same words as any other, and the log knows why', async (_, make) => {
    const { verify, reasons } = verifier();
    await expect(verify(await make())).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'The server does not accept these credentials. Sign in again.',
    });
    expect(reasons).toHaveLength(1);
  });

  test('is no reason to blame the visitor while there are no keys to verify with', async () => {
    const { verify } = verifier({ ready: () => false, keyFor: stranger.keyFor });
    await expect(verify(await issuer.sign())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE', retryable: true });
  });
});

describe('a clock that is off', () => {
  test.each([
    ['30 s behind', -30_000, false],
    ['5 minutes behind', -300_000, false],
    ['11 s behind', -11_000, false],
    ['10 s behind', -10_000, true],
    ['as much ahead as a token lives, and 9 s', 309_000, true],
    ['30 s ahead of the end of a token', 330_000, false],
    ['5 minutes ahead of the end of a token', 600_000, false],
  ])('K18 by %s: a token holds or not, with ten seconds of tolerance', async (_, offsetMs, holds) => {
    const token = await issuer.sign();
    const verified = verifier({ now: () => NOW + offsetMs }).verify(token);
    if (holds) await expect(verified).resolves.toBeDefined();
    else await expect(verified).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('K18 is told of when a token comes from the future, and only then', async () => {
    const ahead: number[] = [];
    const at = (offsetMs: number) =>
      verifier({ now: () => NOW + offsetMs, onClockOff: (aheadMs) => ahead.push(aheadMs) });
    const behind = at(-300_000);
    await expect(behind.verify(await issuer.sign())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([ahead, behind.reasons]).toEqual([[300_000], ['issued in the future']]);
    await at(0).verify(await issuer.sign());
    // Who signed it decides first: strangers make no alarms.
    await expect(behind.verify(await stranger.sign({}, { kid: issuer.kid }))).rejects.toThrow();
    expect(ahead).toHaveLength(1);
  });
});

describe("a client's own account", () => {
  const service = { azp: 'parley-service', preferred_username: 'service-account-parley-service' };
  test.each([
    ['is known by its user', service, 'parley-service'],
    ['is known by its client', { azp: 'parley-service', client_id: 'parley-service' }, 'parley-service'],
    ['is nobody who signed in by that client', { azp: 'parley-service', preferred_username: 'ada' }, undefined],
    ['is nobody with a sign-in', { ...service, sid: 's1' }, undefined],
    ['is not that of another client', { ...service, azp: 'parley-web' }, undefined],
  ])('%s', async (_, claims, account) => {
    expect((await verifier().verify(await issuer.sign(claims))).serviceAccountOf).toBe(account);
  });
});
