import { expect, test } from 'vitest';
import { isLoopback } from '../config/loopback.js';
import { type SettingsInput, settingsSchema } from '../config/settings.js';
import { isExposed, isForwarded, mediaAddresses, mediaTcp } from './addresses.js';

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
