import { describe, expect, test } from 'vitest';
import { OriginPolicy } from './OriginPolicy.js';

const policy = new OriginPolicy({
  ownOrigins: () => ['https://localhost:8443', 'https://127.0.0.1:8443'],
  furtherOrigins: ['https://meet.example'],
});

describe('OriginPolicy', () => {
  test('lets its own pages and the configured ones in', () => {
    for (const origin of ['https://localhost:8443', 'https://127.0.0.1:8443', 'https://meet.example']) {
      expect(policy.allowsOrigin(origin), origin).toBe(true);
    }
  });

  test('refuses strangers, look-alikes, other ports, other schemes and null', () => {
    for (const origin of [
      'https://evil.example',
      'https://meet.example.evil.example',
      'https://notmeet.example',
      'https://sub.meet.example',
      'http://localhost:8443',
      'https://localhost:9000',
      'https://localhost',
      'null',
      '',
    ]) {
      expect(policy.allowsOrigin(origin), origin).toBe(false);
    }
  });

  test('takes requests without an origin, which no browser sends from another site', () => {
    expect(policy.allowsOrigin(undefined)).toBe(true);
  });

  test('refuses a foreign host name, so that a rebound name does not pass as its own origin', () => {
    expect(policy.allows({ host: 'localhost:8443' })).toBe(true);
    expect(policy.allows({ host: 'LOCALHOST:8443' })).toBe(true);
    expect(policy.allows({ host: 'evil.example:8443' })).toBe(false);
    expect(policy.allows({})).toBe(false);
  });
});
