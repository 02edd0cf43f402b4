import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

type From = Pick<IncomingMessage, 'socket' | 'headers'>;

/** Where a request comes from: the last address that no proxy of ours has put there. */
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
 * What limits count by. An IPv6 host has at least 2^64 addresses of its own, so that its network of 64 bits stands for it (RFC 6177);
 * of IPv4 every address counts for itself.
 */
export function limitKeyOf(address: string): string {
  if (!isIPv6(address)) return address;
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

/** IPv4 as IPv4, also where a socket calls it IPv6; IPv6 without a zone; either without the port that some proxies add. */
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
  // The last two groups may be written as IPv4; nobody looks at them.
  const before = part(head);
  if (tail === undefined) return before;
  const after = part(tail);
  return [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
}
