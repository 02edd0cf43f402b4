import type { Credentials } from '@parley/client-sdk/protocol';
import { describe, expect, test } from 'vitest';
import { GuestAuthenticator } from './GuestAuthenticator.js';

const guest: Credentials = { kind: 'guest', subject: 'a-random-subject-1234', displayName: 'Ada' };

describe('GuestAuthenticator', () => {
  test('lets a name in where there is no secret', async () => {
    const identity = await new GuestAuthenticator({}).authenticate(guest);
    expect(identity).toEqual({
      issuer: 'guest',
      subject: 'a-random-subject-1234',
      displayName: 'Ada',
      nameSource: 'guest',
      roles: ['participant'],
    });
  });

  test('asks for the secret where there is one', async () => {
    const authenticator = new GuestAuthenticator({ joinSecret: 'correct horse' });
    await expect(authenticator.authenticate(guest)).rejects.toMatchObject({ code: 'JOIN_SECRET_REQUIRED' });
    await expect(authenticator.authenticate({ ...guest, joinSecret: 'wrong horse' })).rejects.toMatchObject({
      code: 'JOIN_SECRET_REQUIRED',
    });
    await expect(authenticator.authenticate({ ...guest, joinSecret: 'correct horse' })).resolves.toBeDefined();
  });

  test('refuses a token, which nobody here can verify', async () => {
    await expect(new GuestAuthenticator({}).authenticate({ kind: 'token', token: 'x' })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});
