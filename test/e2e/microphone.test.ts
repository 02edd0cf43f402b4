/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openSdkPage } from './support/SdkPage.js';
import { Stage } from './support/Stage.js';

const SLOW_MS = 20_000;

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  stage = await Stage.create();
  // Three microphones that beep once a second.
  browser = await stage.launch({
    flags: ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
  });
}, 120_000);
afterEach(async (context) => {
  await stage.afterEach(context);
  await Promise.all(browser.contexts().map((each) => each.close()));
});
afterAll(() => stage?.close());

describe('a microphone in a real browser', () => {
  it('is heard, changes its device and its processing, and is given back', async () => {
    const page = await openMicrophone();
    await expectSound(page);
    const changed = await page.evaluate(async () => {
      const { microphone } = window;
      const before = microphone.track;
      const all = await Parley.listMicrophones();
      const other = all.find(({ label }) => label !== microphone.label && !label.includes('Default'));
      if (other === undefined) throw new Error('there is one microphone only');
      await microphone.setDevice(other.deviceId);
      await microphone.setProcessing({ noiseSuppression: false, echoCancellation: false });
      return {
        before: before.readyState,
        now: microphone.track.readyState,
        isOther: microphone.label === other.label && microphone.deviceId === other.deviceId,
        processing: microphone.processing,
        told: window.told,
      };
    });
    expect(changed).toMatchObject({
      before: 'ended',
      now: 'live',
      isOther: true,
      processing: { noiseSuppression: false, echoCancellation: false, autoGainControl: true },
    });
    expect(changed.told.slice(0, 2)).toEqual(['track', 'device chosen']);
    await expectSound(page);
    await page.evaluate(() => window.microphone.close());
    expect(await page.evaluate(() => window.microphone.track.readyState)).toBe('ended');
  });

  it('muted with stopOnMute is let go, and comes back; push to talk opens it while it is pressed', async () => {
    const page = await openMicrophone({ stopOnMute: true });
    const states = await page.evaluate(async () => {
      const { microphone } = window;
      const seen: unknown[] = [];
      const look = () => seen.push([microphone.muted, microphone.track.readyState]);
      microphone.mute();
      look();
      await microphone.unmute();
      look();
      microphone.setPushToTalk(true);
      look();
      await microphone.press();
      look();
      microphone.release();
      look();
      return seen;
    });
    const [given, open] = [
      [true, 'ended'],
      [false, 'live'],
    ];
    expect(states).toEqual([given, open, given, open, given]);
  });

  it('is listened to while it is muted, which is told', async () => {
    const page = await openMicrophone();
    await page.evaluate(() => {
      window.microphone.mute();
    });
    await expectSound(page);
    expect(await page.evaluate(() => window.microphone.track.enabled)).toBe(false);
  });
});

describe('a call of two', () => {
  it('is heard through changes of the device, measured, and played as the listener likes', async () => {
    const ada = await join('Ada', { microphone: true });
    const ben = await join('Ben', { microphone: false });
    const adaId = await ada.evaluate(() => window.client.self?.participantId ?? '');

    // Both ends know how well Ada's audio travels.
    await expect.poll(() => qualityOf(ada, adaId), { timeout: SLOW_MS }).toMatchObject({ level: expect.any(String) });
    await expect
      .poll(() => qualityOf(ben, adaId), { timeout: SLOW_MS })
      .toMatchObject({ lossShare: expect.any(Number) });
    const own = await qualityOf(ada, adaId);
    // One machine.
    expect(own?.rttMs).toBeLessThan(1_000);
    expect(['excellent', 'good']).toContain(own?.level);
    expect(await qualityOf(ben, 'nobody')).toBeNull();

    // Ben's own element takes over, at his volume.
    const played = await ben.evaluate(async (participantId) => {
      const { audio } = window.client;
      audio.setVolume({ participantId, volume: 0.25 });
      const element = document.createElement('audio');
      document.body.append(element);
      audio.attach(participantId, element);
      await new Promise((resolve) => element.addEventListener('timeupdate', resolve, { once: true }));
      const heard = { volume: element.volume, paused: element.paused, timeMs: element.currentTime * 1_000 };
      await audio.setOutputDevice('');
      audio.detach(participantId);
      return { ...heard, after: element.srcObject };
    }, adaId);
    expect(played).toMatchObject({ volume: 0.25, paused: false, after: null });

    // Another device: the server goes on hearing.
    const before = await heardMs(ben, adaId);
    await ada.evaluate(async () => {
      const { microphone } = window.client;
      const all = await Parley.listMicrophones();
      const other = all.find(({ label }) => label !== microphone?.label && !label.includes('Default'));
      await microphone?.setDevice(other?.deviceId ?? '');
    });
    await expect.poll(() => heardMs(ben, adaId), { timeout: SLOW_MS }).toBeGreaterThan(before + 3_000);

    // Muted and unmuted, as Ben sees it.
    for (const muted of [true, false]) {
      await ada.evaluate(async (mute) => {
        if (mute) window.client.microphone?.mute();
        else await window.client.microphone?.unmute();
      }, muted);
      await expect
        .poll(() => ben.evaluate((id) => window.client.participants.get(id)?.muted, adaId), { timeout: SLOW_MS })
        .toBe(muted);
    }
    for (const page of [ada, ben]) {
      expect(await page.evaluate(() => window.told)).toEqual([]);
      await page.evaluate(async () => {
        await window.client.leave();
        window.client.close();
      });
      expect(await page.evaluate(() => window.client.disconnectReason)).toBe('left');
    }
  });
});

describe('a call whose connection is lost', () => {
  it('shows who is muted with the microphone given back as muted afterwards, and hears them when they unmute', async () => {
    const ada = await join('Ada', { microphone: { stopOnMute: true } });
    const ben = await join('Ben', { microphone: false });
    const adaId = await ada.evaluate(() => window.client.self?.participantId ?? '');
    const asBenSeesHer = () =>
      ben.evaluate((id) => {
        const { publishing, muted } = window.client.participants.get(id) ?? {};
        return { publishing, muted };
      }, adaId);
    await ada.evaluate(() => window.client.microphone?.mute());
    await expect.poll(asBenSeesHer, { timeout: SLOW_MS }).toEqual({ publishing: true, muted: true });

    await ada.evaluate(async () => {
      const back = new Promise<void>((resolve) => window.client.once('reconnected', () => resolve()));
      const { send } = WebSocket.prototype;
      // Whatever is sent next shows the socket.
      WebSocket.prototype.send = function (...sent) {
        WebSocket.prototype.send = send;
        this.close();
        return send.apply(this, sent);
      };
      window.client.getLedger().catch(() => {});
      await back;
    });
    expect(await ada.evaluate(() => window.client.microphone?.track.readyState)).toBe('ended');
    await expect.poll(asBenSeesHer, { timeout: SLOW_MS }).toEqual({ publishing: true, muted: true });

    const before = await heardMs(ben, adaId);
    await ada.evaluate(() => window.client.microphone?.unmute());
    await expect.poll(asBenSeesHer, { timeout: SLOW_MS }).toEqual({ publishing: true, muted: false });
    await expect.poll(() => heardMs(ben, adaId), { timeout: SLOW_MS }).toBeGreaterThan(before + 3_000);
    expect(await ada.evaluate(() => window.told)).toEqual(['CONNECTION_LOST']);
  });
});

async function openMicrophone(options: { stopOnMute?: boolean } = {}): Promise<Page> {
  const page = await openSdkPage({ stage, browser });
  await page.evaluate(async (wanted) => {
    window.microphone = await Parley.LocalMicrophone.create(wanted);
    window.microphone.on('trackChanged', () => window.told.push('track'));
    window.microphone.on('deviceChanged', ({ cause }) => window.told.push(`device ${cause}`));
  }, options);
  return page;
}

/** The beep of the fake device, within some seconds. */
async function expectSound(page: Page): Promise<void> {
  await page.waitForFunction(() => window.microphone.level() > 0.1, undefined, { timeout: SLOW_MS, polling: 20 });
}

async function join(name: string, options: { microphone: boolean | { stopOnMute: boolean } }): Promise<Page> {
  const page = await openSdkPage({ stage, browser });
  await page.evaluate(
    async ({ name, microphone }) => {
      window.client = await Parley.ParleyClient.join({ room: 'beeps', name, microphone });
      window.client.on('error', ({ error }) => window.told.push(error.code));
      window.client.on('disconnected', ({ error }) => window.told.push(error.code));
    },
    { name, ...options },
  );
  return page;
}

function qualityOf(page: Page, participantId: string) {
  return page.evaluate((id) => window.client.connectionQuality(id) ?? null, participantId);
}

/** How much of somebody's audio the server has had, in milliseconds. */
function heardMs(page: Page, participantId: string): Promise<number> {
  return page.evaluate(async (id) => {
    const ledgers = await window.client.getLedger();
    return ledgers.find((each) => each.participantId === id)?.ledger.totalMs ?? 0;
  }, participantId);
}
