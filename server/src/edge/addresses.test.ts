import { expect, test } from 'vitest';
import { type SettingsInput, settingsSchema } from '../config/settings.js';
import { isExposed, isForwarded } from './addresses.js';

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
