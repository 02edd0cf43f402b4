import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './findChromium.js';

/**
 * Pages play and record in real time although they are not visible, connect only to the server under test, and offer it plain host
 * candidates.
 */
const FLAGS = [
  '--autoplay-policy=no-user-gesture-required',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  // The last such flag on a command line replaces the earlier ones, so it repeats the important ones of Playwright's own.
  `--disable-features=${[
    'WebRtcHideLocalIpsWithMdns',
    // A page that Playwright serves belongs to no network, and otherwise may not call the server on this machine.
    'LocalNetworkAccessChecks',
    'LocalNetworkAccessChecksWebSockets',
    'HttpsUpgrades',
    'HttpsFirstBalancedModeAutoEnable',
    'MediaRouter',
    'NetworkTimeServiceQuerying',
    'OptimizationHints',
    'PaintHolding',
    'ThirdPartyStoragePartitioning',
    'Translate',
  ].join(',')}`,
];

/**
 * Starts a headless Chromium that lives until it is closed: handling signals is up to the caller.
 *
 * @param options.flags further command-line flags
 */
export async function launchChromium(options: { flags?: readonly string[] } = {}): Promise<Browser> {
  const root = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: await findChromium(),
    headless: true,
    // Chromium's sandbox refuses to run as root.
    chromiumSandbox: !root,
    args: [...FLAGS, ...(options.flags ?? [])],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}
