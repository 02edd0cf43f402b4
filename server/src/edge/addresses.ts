import { hostname, networkInterfaces } from 'node:os';
import type { ListenAddress } from '@parley/media/node';
import { isLoopback } from '../config/loopback.js';
import type { Settings } from '../config/settings.js';

/** Addresses of this machine on its networks, IPv4, in the system's order. */
function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address)
    .slice(0, 8);
}

/** Addresses on which page, API and sockets listen. */
export function listenHost(settings: Pick<Settings, 'host' | 'lan'>): string {
  return settings.lan && settings.host === '127.0.0.1' ? '0.0.0.0' : settings.host;
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
export function serverNames(settings: Settings): string[] {
  const host = listenHost(settings);
  const names = new Set(['localhost', '127.0.0.1']);
  if (!isLoopback(host)) {
    const everywhere = host === '0.0.0.0' || host === '::';
    for (const name of everywhere ? [...lanAddresses(), hostname()] : [host]) names.add(name);
  }
  if (settings.media.announcedAddress !== undefined) names.add(settings.media.announcedAddress);
  return [...names];
}

/**
 * Addresses on which ICE listens: loopback alone, unless the server is open to the network or the settings name addresses; behind NAT every
 * interface, under the announced address.
 */
export function mediaAddresses(settings: Settings): ListenAddress[] {
  const { announcedAddress, addresses } = settings.media;
  if (announcedAddress !== undefined) {
    return [{ ip: '0.0.0.0', announcedAddress }];
  }
  const host = listenHost(settings);
  const served = isLoopback(host) ? [] : host === '0.0.0.0' || host === '::' ? lanAddresses() : [host];
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
