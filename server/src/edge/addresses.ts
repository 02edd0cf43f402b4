import { isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { ListenAddress } from '@parley/media/node';
import { isLoopback } from '../config/loopback.js';
import type { Settings } from '../config/settings.js';

/** Of each kind: what is more is mostly the bridges of containers. */
const MOST_ADDRESSES = 8;

/** What `os.networkInterfaces` returns. */
export type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * Addresses of this machine on its networks, in the system's order, IPv4 first. Without the link-local ones of IPv6: other machines cannot use
 * them without a zone of their own.
 */
function lanAddresses(interfaces: Interfaces): Record<'ipv4' | 'ipv6', string[]> {
  const outward = Object.values(interfaces).flatMap((addresses) =>
    (addresses ?? []).filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address)),
  );
  const of = (wanted: string) =>
    outward
      .filter(({ family }) => family === wanted)
      .map(({ address }) => address)
      .slice(0, MOST_ADDRESSES);
  return { ipv4: of('IPv4'), ipv6: of('IPv6') };
}

/** Whether the system has IPv6 at all; if not, it cannot be listened on. */
function hasIPv6(interfaces: Interfaces): boolean {
  return Object.values(interfaces).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
}

/** Addresses that a server listening on `host` is reached at from other machines. `::` takes connections over IPv4, too. */
function addressesOf(host: string, interfaces: Interfaces): string[] {
  if (isLoopback(host)) return [];
  if (host !== '0.0.0.0' && host !== '::') return [host];
  const { ipv4, ipv6 } = lanAddresses(interfaces);
  return host === '::' ? [...ipv4, ...ipv6] : ipv4;
}

/** Addresses on which page, API and sockets listen. */
export function listenHost(settings: Pick<Settings, 'host' | 'lan'>, interfaces = networkInterfaces()): string {
  if (!settings.lan || settings.host !== '127.0.0.1') return settings.host;
  return hasIPv6(interfaces) ? '::' : '0.0.0.0';
}

/**
 * Whether others than the people at this machine can reach this server: by its own address, or, by what the settings give away, by another
 * one.
 */
export function isExposed(settings: Pick<Settings, 'host' | 'lan' | 'origins' | 'trustedProxies' | 'media'>): boolean {
  return !isLoopback(listenHost(settings)) || isForwarded(settings);
}

/**
 * Whether a proxy, a tunnel or a forwarded port may be in front, as allowed origins, trusted proxies or an announced address suggest.
 * Connections from this machine may then come from anywhere.
 */
export function isForwarded({
  origins,
  trustedProxies,
  media,
}: Pick<Settings, 'origins' | 'trustedProxies' | 'media'>): boolean {
  return (
    origins.some((origin) => !isLoopback(new URL(origin).hostname)) ||
    trustedProxies.length > 0 ||
    (media.announcedAddress !== undefined && !isLoopback(media.announcedAddress))
  );
}

/** Names and addresses that browsers may use for this server, the most natural first. */
export function serverNames(settings: Settings, interfaces = networkInterfaces()): string[] {
  const host = listenHost(settings, interfaces);
  const names = new Set(['localhost', '127.0.0.1', ...addressesOf(host, interfaces)]);
  if (host === '0.0.0.0' || host === '::') names.add(hostname());
  if (settings.media.announcedAddress !== undefined) names.add(settings.media.announcedAddress);
  return [...names];
}

/**
 * Addresses on which ICE listens: loopback alone, unless the server is open to the network or the settings name addresses; behind NAT every
 * interface, under the announced address.
 */
export function mediaAddresses(settings: Settings, interfaces = networkInterfaces()): ListenAddress[] {
  const { announcedAddress, addresses } = settings.media;
  if (announcedAddress !== undefined) {
    return [{ ip: isIPv6(announcedAddress) ? '::' : '0.0.0.0', announcedAddress }];
  }
  const served = addressesOf(listenHost(settings, interfaces), interfaces);
  const ips = new Set(['127.0.0.1', ...(addresses.length > 0 ? addresses : served)]);
  return [...ips].map((ip) => ({ ip }));
}

/**
 * Whether ICE listens on TCP, too. mediasoup keeps a connection that sends half a frame for ever, with its 64 kB of memory, so strangers are
 * let to it only where the settings say so.
 */
export function mediaTcp(settings: Settings): boolean {
  return settings.media.tcp ?? mediaAddresses(settings).every(({ ip }) => isLoopback(ip));
}
