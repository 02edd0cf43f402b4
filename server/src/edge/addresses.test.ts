import { expect, test } from 'vitest';
import { isLoopback } from '../config/loopback.js';
import { type SettingsInput, settingsSchema } from '../config/settings.js';
import {
  type Interfaces,
  isExposed,
  isForwarded,
  listenHost,
  mediaAddresses,
  mediaTcp,
  serverNames,
} from './addresses.js';

test.each<[string, SettingsInput, boolean]>([
  ['as it comes', {}, false],
  ['for pages of this machine', { origins: ['http://localhost:5173', 'https://127.0.0.1', 'https://[::1]:1'] }, false],
  ['under an announced address of this machine', { media: { announcedAddress: '127.0.0.1' } }, false],
  ['on all interfaces', { host: '0.0.0.0' }, true],
  ['on the network', { lan: true }, true],
  ['under a name of the world, by a proxy on this machine', { origins: ['https://meet.example'] }, true],
  ['under a name that only begins like this machine', { origins: ['https://127.0.0.1.evil.example'] }, true],
  ['behind a proxy', { trustedProxies: ['127.0.0.1'] }, true],
  ['under an announced address', { media: { announcedAddress: '203.0.113.7' } }, true],
])('a server %s is exposed or not', (_, settings, exposed) => {
  expect(isExposed(settingsSchema.parse(settings))).toBe(exposed);
});

test.each<[string, SettingsInput, boolean]>([
  ['as it comes', {}, false],
  ['on the network, under its own address', { lan: true }, false],
  ['for pages of elsewhere', { origins: ['https://meet.example'] }, true],
  ['behind a trusted proxy', { trustedProxies: ['127.0.0.1'] }, true],
  ['under an announced address', { media: { announcedAddress: '203.0.113.7' } }, true],
])('H16 a server %s may have a proxy in front or not', (_, settings, forwarded) => {
  expect(isForwarded(settingsSchema.parse(settings))).toBe(forwarded);
});

const ipsOf = (settings: SettingsInput) => mediaAddresses(settingsSchema.parse(settings)).map(({ ip }) => ip);

test('H5 without --lan no address of a network is bound, for audio either, unless the settings name it', () => {
  expect(ipsOf({})).toEqual(['127.0.0.1']);
  expect(ipsOf({ lan: true }).slice(1).some(isLoopback)).toBe(false);
  expect(ipsOf({ host: '192.0.2.1' })).toEqual(['127.0.0.1', '192.0.2.1']);
  expect(ipsOf({ media: { addresses: ['192.0.2.1', '127.0.0.1'] } })).toEqual(['127.0.0.1', '192.0.2.1']);
  expect(ipsOf({ host: '192.0.2.1', media: { addresses: ['192.0.2.2'] } })).toEqual(['127.0.0.1', '192.0.2.2']);
  expect(ipsOf({ media: { announcedAddress: '203.0.113.7' } })).toEqual(['0.0.0.0']);
});

const LOOPBACK = [address('127.0.0.1'), address('::1')];
const BOTH: Interfaces = {
  lo: LOOPBACK,
  eth0: [address('192.0.2.7'), address('2001:db8::7'), address('fe80::7'), address('febf::7')],
};
const ONLY_IPV4: Interfaces = { lo: [address('127.0.0.1')], eth0: [address('192.0.2.7')] };
const ONLY_IPV6: Interfaces = { lo: LOOPBACK, eth0: [address('fd00::7'), address('fe80::7')] };

function address(ip: string): NonNullable<Interfaces[string]>[number] {
  const more = { address: ip, cidr: null, mac: '00:00:00:00:00:00', netmask: '', internal: isLoopback(ip) };
  return ip.includes(':') ? { ...more, family: 'IPv6', scopeid: 0 } : { ...more, family: 'IPv4' };
}

test.each<[string, SettingsInput, Interfaces, { listens: string; audio: string[] }]>([
  ['open to a network', { lan: true }, BOTH, { listens: '::', audio: ['192.0.2.7', '2001:db8::7'] }],
  ['on all interfaces', { host: '::' }, BOTH, { listens: '::', audio: ['192.0.2.7', '2001:db8::7'] }],
  ['on all interfaces of IPv4', { host: '0.0.0.0' }, BOTH, { listens: '0.0.0.0', audio: ['192.0.2.7'] }],
  ['of a system without IPv6', { lan: true }, ONLY_IPV4, { listens: '0.0.0.0', audio: ['192.0.2.7'] }],
  ['of a network without IPv4', { lan: true }, ONLY_IPV6, { listens: '::', audio: ['fd00::7'] }],
  ['on one address', { host: '2001:db8::7' }, BOTH, { listens: '2001:db8::7', audio: ['2001:db8::7'] }],
  ['for this machine alone', {}, BOTH, { listens: '127.0.0.1', audio: [] }],
])('a server %s is offered at its addresses, for pages and audio alike', (_, input, interfaces, { listens, audio }) => {
  const settings = settingsSchema.parse(input);
  expect(listenHost(settings, interfaces)).toBe(listens);
  expect(mediaAddresses(settings, interfaces).map(({ ip }) => ip)).toEqual(['127.0.0.1', ...audio]);
  expect(serverNames(settings, interfaces)).toEqual(expect.arrayContaining(audio));
  expect(serverNames(settings, interfaces).filter((name) => name.includes(':'))).toEqual(
    audio.filter((ip) => ip.includes(':')),
  );
});

test('many addresses of one kind leave room for the other', () => {
  const bridges = Array.from({ length: 20 }, (_, index) => address(`172.17.${index}.1`));
  const addresses = mediaAddresses(settingsSchema.parse({ lan: true }), { ...ONLY_IPV6, bridges });
  expect(addresses).toHaveLength(1 + 8 + 1);
  expect(addresses.at(-1)).toEqual({ ip: 'fd00::7' });
});

test('behind NAT an announced address of IPv6 is that of a socket of IPv6', () => {
  const announcedAddress = '2001:db8::1';
  expect(mediaAddresses(settingsSchema.parse({ media: { announcedAddress } }))).toEqual([
    { ip: '::', announcedAddress },
  ]);
});

test.each<[string, SettingsInput, boolean]>([
  ['on loopback alone', {}, true],
  ['on an address of a network', { host: '192.0.2.1' }, false],
  ['on an address for audio', { media: { addresses: ['192.0.2.1'] } }, false],
  ['behind NAT', { media: { announcedAddress: '203.0.113.7' } }, false],
  ['on an address of a network, where it is asked for', { host: '192.0.2.1', media: { tcp: true } }, true],
  ['on loopback, where it is not wanted', { media: { tcp: false } }, false],
])('H5 audio comes over TCP from strangers only where it is asked for: %s', (_, settings, tcp) => {
  expect(mediaTcp(settingsSchema.parse(settings))).toBe(tcp);
});
