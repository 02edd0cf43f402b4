import { expect, test } from 'vitest';
import { type CookieRequest, DeviceCookie } from './DeviceCookie.js';

const request = (cookie?: string): CookieRequest => ({ headers: cookie === undefined ? {} : { cookie } });
/** As a browser keeps it and sends it. */
const pairOf = (header = '') => header.split(';')[0] ?? '';

test('a browser is given a cookie once, and known by it again', () => {
  const cookies = new DeviceCookie({ secure: true });
  const first = request();
  expect(cookies.deviceOf(first)).toBeUndefined();
  const header = cookies.headerFor(first);
  expect(header).toMatch(/; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/);
  const second = request(`theme=dark; ${pairOf(header)}`);
  expect(cookies.headerFor(second)).toBeUndefined();
  expect(cookies.deviceOf(second)).toBe(cookies.deviceOf(first));
  expect(cookies.deviceOf(second)).toMatch(/^[\w-]{22}$/);
});

test('without https the cookie is not limited to it: browsers would not keep it', () => {
  expect(new DeviceCookie({ secure: false }).headerFor(request())).not.toContain('Secure');
});

test.each<[string, (pair: string) => string]>([
  ['changed', (pair) => pair.replace(/=./, '=_')],
  ['of another run of the server', () => pairOf(new DeviceCookie({ secure: true }).headerFor(request()))],
  ['without a signature', (pair) => pair.split('.')[0] ?? ''],
  ['of another name', (pair) => `x${pair}`],
  ['empty', () => 'parley-device='],
])('H12 a cookie that is %s is none', (_, spoil) => {
  const cookies = new DeviceCookie({ secure: true });
  const spoilt = request(spoil(pairOf(cookies.headerFor(request()))));
  expect(cookies.deviceOf(spoilt)).toBeUndefined();
  expect(cookies.headerFor(spoilt)).toBeDefined();
});
