import { GRANTS } from '@parley/client-sdk/protocol';
import { describe, expect, test } from 'vitest';
import type { Identity, Role } from './Authenticator.js';
import { grantsOf } from './grants.js';

function identityOf(roles: readonly Role[], overrides: Partial<Identity> = {}): Identity {
  return {
    issuer: 'https://id.example',
    subject: 'ada',
    displayName: 'Ada',
    nameSource: 'signedIn',
    roles,
    ...overrides,
  };
}

const open = { room: 'daily', policy: {} };
const ISSUER = 'https://id.example';
const restricted = { room: 'board', policy: { members: { ada: ['join', 'listen'] as const }, issuer: ISSUER } };

describe('what somebody may do', () => {
  test('in an open room comes from their roles', () => {
    const of = (...roles: Role[]) => [...grantsOf({ identity: identityOf(roles), ...open })];
    expect(of('participant')).toEqual(['join', 'speak', 'listen', 'readTranscript']);
    expect(of('moderator')).toContain('moderate');
    expect(of('archivist')).toEqual(['join', 'listen', 'readTranscript', 'export']);
    expect(of('archivist', 'participant')).toContain('speak');
    expect(of('admin')).toEqual([...GRANTS]);
    expect(of()).toEqual([]);
  });

  test('in a room with members is what stands there, whatever their roles', () => {
    expect([...grantsOf({ identity: identityOf(['moderator']), ...restricted })]).toEqual(['join', 'listen']);
    expect(grantsOf({ identity: identityOf(['moderator'], { subject: 'ben' }), ...restricted }).size).toBe(0);
    expect(grantsOf({ identity: identityOf(['admin'], { subject: 'ben' }), ...restricted }).size).toBe(GRANTS.length);
  });

  test('in a room with members is nothing for those who only call themselves as a member does', () => {
    for (const issuer of ['guest', 'parley', 'https://other.example', `${ISSUER}/`]) {
      expect(grantsOf({ identity: identityOf(['participant'], { issuer }), ...restricted }).size, issuer).toBe(0);
    }
  });

  test('in a room with members is nothing for anybody where there is no issuer to know them by', () => {
    const policy = { members: restricted.policy.members };
    for (const issuer of ['guest', ISSUER]) {
      expect(grantsOf({ identity: identityOf(['participant'], { issuer }), room: 'board', policy }).size).toBe(0);
    }
  });

  test('is not found by the names of Object', () => {
    for (const subject of ['constructor', '__proto__', 'toString']) {
      expect(grantsOf({ identity: identityOf(['participant'], { subject }), ...restricted }).size).toBe(0);
    }
  });

  test('with a room token is exactly what it says, in its room and nowhere else', () => {
    const identity = identityOf([], { room: { name: 'daily', grants: ['join', 'listen'] } });
    expect([...grantsOf({ identity, ...open })]).toEqual(['join', 'listen']);
    expect(grantsOf({ identity, ...restricted }).size).toBe(0);
  });
});
