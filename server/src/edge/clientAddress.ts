import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

type From = Pick<IncomingMessage, 'socket' | 'headers'>;

/** The address of a request's client: the last one that was not added by one of our proxies. */
export function clientAddressOf(request: From, { trustedProxies }: { trustedProxies: readonly string[] }): string {
  const trusted = new Set(trustedProxies.map(plain));
  const direct = plain(request.socket.remoteAddress ?? 'unknown');
  if (!trusted.has(direct)) return direct;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => plain(address.trim()))
    .filter((address) => address !== '');
  return forwarded.findLast((address) => !trusted.has(address)) ?? direct;
}

/**
 * Key for rate limits. An IPv6 host has at least 2^64 addresses, so its /64 network is used (RFC 6177); IPv4 addresses count one by one.
 */
export function limitKeyOf(address: string): string {
  if (!isIPv6(address)) return address;
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

/** Normalizes: IPv4 as IPv4, even if mapped to IPv6; IPv6 without a zone; both without a port, which some proxies add. */
function plain(address: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  return bare
    .replace(/%.*$/, '')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .toLowerCase();
}

/** All eight groups, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const part = (text: string) => (text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, '')));
  // The last two groups may be written as IPv4, but are not needed.
  const before = part(head);
  if (tail === undefined) return before;
  const after = part(tail);
  return [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
}
