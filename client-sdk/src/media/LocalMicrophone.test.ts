import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeMediaDevices, FakeTrack, fakeAudioContext } from '../../test-support/FakeMediaDevices.js';
import { defaults } from '../defaults.js';
import { MediaError } from '../protocol/index.js';
import { LocalMicrophone, type LocalMicrophoneOptions } from './LocalMicrophone.js';

const { max, withinMs, retryDelayMs, retries } = defaults.microphoneRecovery;

let devices: FakeMediaDevices;
const microphones: LocalMicrophone[] = [];
beforeEach(() => {
  devices = FakeMediaDevices.install('Desk', 'Headset');
});
afterEach(() => {
  vi.useRealTimers();
  for (const microphone of microphones.splice(0)) microphone.close();
  vi.unstubAllGlobals();
});

async function open(options: LocalMicrophoneOptions = {}) {
  const microphone = await LocalMicrophone.create(options);
  microphones.push(microphone);
  const events: string[] = [];
  microphone.on('trackChanged', ({ track }) => events.push(`track of ${track.label}`));
  microphone.on('mutedChanged', ({ muted }) => events.push(muted ? 'muted' : 'unmuted'));
  microphone.on('deviceChanged', ({ deviceId, label, cause }) => events.push(`${deviceId} (${label}) ${cause}`));
  microphone.on('devicesChanged', ({ microphones }) => events.push(`${microphones.length} to choose from`));
  microphone.on('lost', ({ error }) => events.push(`lost ${error.code}`));
  microphone.on('recovered', () => events.push('recovered'));
  microphone.on('closed', () => events.push('closed'));
  return { microphone, events };
}

/** Lets everything settle that needs no clock. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a microphone', () => {
  test('is the default one with all the cleaning unless told otherwise, and says which it is', async () => {
    const { microphone } = await open({ noiseSuppression: false });
    expect(devices.asked).toEqual([
      { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: true },
    ]);
    expect([microphone.deviceId, microphone.label, microphone.muted, microphone.lost]).toEqual([
      'default',
      'Desk',
      false,
      false,
    ]);
    expect(microphone.processing).toEqual({ echoCancellation: true, noiseSuppression: false, autoGainControl: true });
  });

  test('that cannot be had is a MediaError, and nothing stays open', async () => {
    devices.failure = 'NotAllowedError';
    await expect(LocalMicrophone.create()).rejects.toSatisfy(
      (error) => error instanceof MediaError && error.code === 'MICROPHONE_DENIED',
    );
    await expect(LocalMicrophone.create({ deviceId: 'gone' })).rejects.toMatchObject({ code: 'MICROPHONE_DENIED' });
    expect(devices.live).toEqual([]);
  });

  test('whose machine does not say which others there are is not left open', async () => {
    vi.spyOn(devices, 'enumerateDevices').mockRejectedValue(new Error('not allowed here'));
    const removed = vi.spyOn(devices, 'removeEventListener');
    await expect(LocalMicrophone.create()).rejects.toMatchObject({ code: 'MICROPHONE_NOT_FOUND' });
    expect([devices.opened.length, devices.live]).toEqual([1, []]);
    expect(removed).toHaveBeenCalledExactlyOnceWith('devicechange', expect.any(Function));
  });

  test('that is closed gives the device back, once, and can do nothing any more', async () => {
    const { microphone, events } = await open();
    const removed = vi.spyOn(devices, 'removeEventListener');
    microphone.close();
    microphone.close();
    microphone.mute();
    expect([microphone.closed, devices.live, events]).toEqual([true, [], ['closed']]);
    expect(removed).toHaveBeenCalledExactlyOnceWith('devicechange', expect.any(Function));
    for (const act of [() => microphone.unmute(), () => microphone.setDevice('desk')]) {
      await expect(act()).rejects.toMatchObject({ code: 'MICROPHONE_NOT_FOUND' });
    }
    devices.plugIn('Webcam');
    await settled();
    expect(events).toEqual(['closed']);
  });

  test('that is closed while another device opens leaves nothing open', async () => {
    const { microphone } = await open();
    const release = devices.hold();
    const changing = microphone.setDevice('headset');
    await settled();
    microphone.close();
    release();
    await expect(changing).rejects.toMatchObject({ code: 'MICROPHONE_NOT_FOUND' });
    expect(devices.live).toEqual([]);
  });
});

describe('changing the device', () => {
  test('opens the new one before the old one stops, and stays muted', async () => {
    const { microphone, events } = await open();
    const [desk] = devices.opened;
    microphone.mute();
    await microphone.setDevice('headset');
    expect(events).toEqual(['muted', 'track of Headset', 'headset (Headset) chosen']);
    expect([microphone.track, microphone.track.enabled, desk?.readyState]).toEqual([devices.last, false, 'ended']);
  });

  test('that fails leaves everything as it was', async () => {
    const { microphone, events } = await open({ deviceId: 'headset' });
    devices.failure = 'NotReadableError';
    await expect(microphone.setDevice('desk')).rejects.toMatchObject({ code: 'MICROPHONE_BUSY', retryable: true });
    devices.failure = undefined;
    expect([microphone.deviceId, microphone.track.readyState, events]).toEqual(['headset', 'live', []]);
    // The device that failed is not waited for either.
    devices.unplug('Headset');
    await settled();
    expect(events).toContain('default (Desk) unplugged');
  });

  test('happens one after the other, and the last one counts', async () => {
    const { microphone } = await open();
    await Promise.all([microphone.setDevice('headset'), microphone.setDevice('desk'), microphone.setDevice('headset')]);
    expect([microphone.deviceId, devices.live]).toEqual(['headset', [devices.last]]);
  });
});

describe('processing', () => {
  test('is switched on the open track where the browser can', async () => {
    devices.followsConstraints = true;
    const { microphone, events } = await open();
    await microphone.setProcessing({ echoCancellation: false });
    expect(microphone.processing).toEqual({ echoCancellation: false, noiseSuppression: true, autoGainControl: true });
    expect([devices.opened.length, events]).toEqual([1, []]);
  });

  test('takes a new track where the browser only says that it does', async () => {
    const { microphone, events } = await open();
    await microphone.setProcessing({ noiseSuppression: false });
    await microphone.setProcessing({ autoGainControl: false });
    expect(microphone.processing).toEqual({ echoCancellation: true, noiseSuppression: false, autoGainControl: false });
    expect([events, devices.live]).toEqual([['track of Desk', 'track of Desk'], [devices.last]]);
  });

  test('that cannot be had leaves the device open as it was', async () => {
    const { microphone, events } = await open();
    vi.spyOn(devices, 'getUserMedia').mockRejectedValueOnce(Object.assign(new Error(), { name: 'NotReadableError' }));
    const changing = microphone.setProcessing({ noiseSuppression: false });
    await expect(changing).rejects.toMatchObject({ code: 'MICROPHONE_BUSY' });
    expect([microphone.processing.noiseSuppression, events]).toEqual([true, ['track of Desk']]);
    expect(devices.live).toEqual([microphone.track]);
  });

  test('that costs the device loses the microphone, and is not asked for again', async () => {
    const { microphone, events } = await open();
    devices.failure = 'NotReadableError';
    const changing = microphone.setProcessing({ noiseSuppression: false });
    await expect(changing).rejects.toMatchObject({ code: 'MICROPHONE_BUSY' });
    expect([microphone.lost, events]).toEqual([true, ['lost MICROPHONE_BUSY']]);
    devices.failure = undefined;
    await microphone.setDevice('headset');
    expect([microphone.lost, microphone.processing.noiseSuppression]).toEqual([false, true]);
  });

  test('is kept for later while the microphone is given back', async () => {
    const { microphone } = await open({ stopOnMute: true });
    microphone.mute();
    await microphone.setProcessing({ autoGainControl: false });
    expect(devices.live).toEqual([]);
    await microphone.unmute();
    expect(microphone.processing.autoGainControl).toBe(false);
  });
});

describe('muting', () => {
  test('silences the open track at once, and is told once', async () => {
    const { microphone, events } = await open();
    microphone.mute();
    microphone.mute();
    expect([microphone.track.enabled, microphone.track.readyState]).toEqual([false, 'live']);
    await microphone.unmute();
    await microphone.unmute();
    expect([microphone.track.enabled, devices.opened.length, events]).toEqual([true, 1, ['muted', 'unmuted']]);
  });

  test('gives the device back with stopOnMute, and unmuting opens it before it is told', async () => {
    const { microphone, events } = await open({ stopOnMute: true });
    microphone.mute();
    expect(devices.live).toEqual([]);
    await microphone.unmute();
    expect(events).toEqual(['muted', 'track of Desk', 'unmuted']);
    expect([devices.live, devices.last.enabled]).toEqual([[microphone.track], true]);
  });

  test('wins over an unmute whose device is still opening', async () => {
    const { microphone, events } = await open({ stopOnMute: true });
    microphone.mute();
    const release = devices.hold();
    const unmuting = microphone.unmute();
    await settled();
    microphone.mute();
    release();
    await unmuting;
    expect([microphone.muted, devices.live, events]).toEqual([true, [], ['muted']]);
  });

  test('and unmuting again while the device opens ends in unmuted, with one device open', async () => {
    const { microphone, events } = await open({ stopOnMute: true });
    microphone.mute();
    const release = devices.hold();
    const unmuting = [microphone.unmute()];
    await settled();
    microphone.mute();
    unmuting.push(microphone.unmute());
    release();
    await Promise.all(unmuting);
    expect([microphone.muted, devices.live.length, events.at(-1)]).toEqual([false, 1, 'unmuted']);
  });

  test('stays when the device cannot be opened again, until it can', async () => {
    const { microphone } = await open({ stopOnMute: true });
    microphone.mute();
    devices.failure = 'NotReadableError';
    await expect(microphone.unmute()).rejects.toMatchObject({ code: 'MICROPHONE_BUSY' });
    expect(microphone.muted).toBe(true);
    devices.failure = undefined;
    // It is no longer wanted: whatever happens meanwhile, it stays closed.
    devices.makeDefault('Headset');
    await settled();
    await microphone.setDevice('desk');
    expect(devices.live).toEqual([]);
    await microphone.unmute();
    expect(microphone.muted).toBe(false);
  });

  test('lets a device be chosen that is opened later', async () => {
    const { microphone, events } = await open({ stopOnMute: true });
    microphone.mute();
    await microphone.setDevice('headset');
    expect(devices.live).toEqual([]);
    expect(events).toEqual(['muted', 'headset (Headset) chosen']);
    await microphone.unmute();
    expect([microphone.label, devices.live.length]).toEqual(['Headset', 1]);
  });

  test('with the chosen device unplugged meanwhile ends on the default one', async () => {
    const { microphone, events } = await open({ stopOnMute: true, deviceId: 'headset' });
    microphone.mute();
    devices.unplug('Headset');
    await settled();
    await microphone.unmute();
    expect(events.slice(-3)).toEqual(['track of Desk', 'default (Desk) unplugged', 'unmuted']);
  });
});

describe('push to talk', () => {
  test('is muted but for the time that it is pressed', async () => {
    const { microphone, events } = await open({ pushToTalk: true });
    expect([microphone.muted, microphone.track.enabled]).toEqual([true, false]);
    await microphone.press();
    expect(microphone.track.enabled).toBe(true);
    microphone.release();
    expect(microphone.track.enabled).toBe(false);
    expect(events).toEqual(['unmuted', 'muted']);
  });

  test('is switched on and off in the middle; only switching on mutes', async () => {
    const { microphone, events } = await open();
    await microphone.press();
    microphone.release();
    expect(events).toEqual([]);
    microphone.setPushToTalk(true);
    await microphone.press();
    microphone.setPushToTalk(false);
    microphone.release();
    expect([microphone.pushToTalk, events]).toEqual([false, ['muted', 'unmuted']]);
  });

  test('with stopOnMute holds the device only while it is pressed, however short', async () => {
    const { microphone } = await open({ pushToTalk: true, stopOnMute: true });
    expect(devices.live).toEqual([]);
    const pressing = microphone.press();
    microphone.release();
    await pressing;
    expect([devices.live, microphone.muted]).toEqual([[], true]);
  });
});

describe('the level', () => {
  test('is that of the microphone, muted or not, and measured by one context at a time', async () => {
    const sound = fakeAudioContext();
    const { microphone } = await open();
    sound.amplitude = 1;
    expect(microphone.level()).toBeCloseTo(1);
    microphone.mute();
    expect([microphone.level(), microphone.track.enabled]).toEqual([expect.closeTo(1), false]);
    await microphone.setDevice('headset');
    microphone.level();
    expect(sound.contexts).toBe(1);
    microphone.close();
    expect([sound.contexts, microphone.level()]).toEqual([0, 0]);
    expect(devices.opened.flatMap(({ copies }) => copies).map(({ readyState }) => readyState)).toEqual([
      'ended',
      'ended',
    ]);
  });

  test('is 0 with stopOnMute while muted, and where sound cannot be measured', async () => {
    const { microphone } = await open({ stopOnMute: true });
    expect(microphone.level()).toBe(0);
    fakeAudioContext().amplitude = 1;
    expect(microphone.level()).toBeCloseTo(1);
    microphone.mute();
    expect(microphone.level()).toBe(0);
  });
});

describe('speaking while muted', () => {
  const { forMs, everyMs } = defaults.speakingWhileMuted;

  async function muted(options: LocalMicrophoneOptions = {}) {
    vi.useFakeTimers();
    const sound = fakeAudioContext();
    const { microphone } = await open(options);
    let told = 0;
    const off = microphone.on('speakingWhileMuted', () => {
      told += 1;
    });
    microphone.mute();
    return { microphone, sound, off, told: () => told };
  }

  test('is told after a while, and not again too soon', async () => {
    const { sound, told } = await muted();
    sound.amplitude = 0.2;
    vi.advanceTimersByTime(forMs / 2);
    expect(told()).toBe(0);
    vi.advanceTimersByTime(forMs);
    expect(told()).toBe(1);
    vi.advanceTimersByTime(everyMs / 2);
    expect(told()).toBe(1);
    vi.advanceTimersByTime(everyMs);
    expect(told()).toBe(2);
  });

  test('is not told of silence, of a cough, or of somebody who is heard', async () => {
    const { microphone, sound, told } = await muted();
    vi.advanceTimersByTime(10 * forMs);
    sound.amplitude = 0.5;
    vi.advanceTimersByTime(forMs / 2);
    sound.amplitude = 0;
    vi.advanceTimersByTime(10 * forMs);
    await microphone.unmute();
    sound.amplitude = 0.5;
    vi.advanceTimersByTime(10 * forMs);
    expect(told()).toBe(0);
  });

  test('is not listened for when nobody wants to know, nor with stopOnMute', async () => {
    const { sound, off, told } = await muted();
    off();
    sound.amplitude = 0.5;
    vi.advanceTimersByTime(10 * forMs);
    expect([sound.contexts, told()]).toEqual([0, 0]);
    const stopped = await muted({ stopOnMute: true });
    stopped.sound.amplitude = 0.5;
    vi.advanceTimersByTime(10 * forMs);
    expect([stopped.sound.contexts, stopped.told()]).toEqual([0, 0]);
  });
});

describe('devices that come and go', () => {
  test('are told', async () => {
    const { events } = await open();
    devices.plugIn('Webcam');
    await settled();
    devices.tell();
    await settled();
    expect(events).toEqual(['4 to choose from']);
  });

  test('make way for the default one when the one in use is unplugged', async () => {
    const { microphone, events } = await open({ deviceId: 'headset' });
    devices.unplug('Headset');
    await settled();
    expect(events).toEqual(['track of Desk', 'default (Desk) unplugged', '2 to choose from']);
    expect(devices.live).toEqual([microphone.track]);
  });

  test('make way even where the browser does not end the track', async () => {
    const { events } = await open({ deviceId: 'headset' });
    devices.devices = devices.devices.filter(({ label }) => label !== 'Headset');
    devices.tell();
    await settled();
    expect(events).toEqual(['2 to choose from', 'track of Desk', 'default (Desk) unplugged']);
  });

  test('leave a default microphone on the next default one', async () => {
    const { microphone, events } = await open();
    devices.unplug('Desk');
    await settled();
    expect(events.slice(0, 2)).toEqual(['track of Headset', 'default (Headset) unplugged']);
    expect([microphone.lost, devices.live]).toEqual([false, [microphone.track]]);
  });

  test('leave nothing when there is no other, which is told once and mends itself', async () => {
    const { microphone, events } = await open();
    devices.devices = devices.devices.slice(0, 1);
    devices.unplug('Desk');
    await settled();
    devices.tell();
    await settled();
    expect(events).toEqual(['lost MICROPHONE_NOT_FOUND', '0 to choose from']);
    expect([microphone.lost, microphone.track.readyState]).toEqual([true, 'ended']);
    microphone.mute();
    devices.plugIn('Webcam');
    await settled();
    expect(events.slice(2)).toEqual([
      'muted',
      '2 to choose from',
      'track of Webcam',
      'recovered',
      'default (Webcam) unplugged',
    ]);
    expect([microphone.lost, microphone.track.enabled]).toEqual([false, false]);
  });

  test('that are busy when the lost one should be replaced are tried again at the next change', async () => {
    const { microphone, events } = await open({ deviceId: 'headset' });
    devices.failure = 'NotReadableError';
    devices.unplug('Headset');
    await settled();
    devices.tell();
    await settled();
    expect(events.filter((event) => event.startsWith('lost'))).toEqual(['lost MICROPHONE_BUSY']);
    devices.failure = undefined;
    devices.plugIn('Webcam');
    await settled();
    expect(events).toContain('recovered');
    expect(microphone.lost).toBe(false);
  });

  test('that are busy are tried again after delays, until one opens', async () => {
    vi.useFakeTimers();
    const { microphone, events } = await open();
    devices.failure = 'NotReadableError';
    devices.last.end();
    await vi.advanceTimersByTimeAsync(3 * retryDelayMs.min);
    expect([events, devices.asked.length]).toEqual([['lost MICROPHONE_BUSY'], 4]);
    devices.failure = undefined;
    await vi.advanceTimersByTimeAsync(retryDelayMs.max);
    expect([events.slice(1), microphone.lost]).toEqual([['track of Desk', 'recovered'], false]);
  });

  test('that stay busy are left alone after a while, and when the microphone is closed', async () => {
    vi.useFakeTimers();
    const { microphone, events } = await open();
    devices.failure = 'NotReadableError';
    devices.last.end();
    await vi.advanceTimersByTimeAsync(2 * retries * retryDelayMs.max);
    expect([events, devices.asked.length]).toEqual([['lost MICROPHONE_BUSY'], 1 + 1 + retries]);
    devices.failure = undefined;
    await microphone.setDevice('headset');
    devices.failure = 'NotReadableError';
    devices.last.end();
    await vi.advanceTimersByTimeAsync(0);
    microphone.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that end each time they are opened are lost after a few times, not opened for ever', async () => {
    vi.useFakeTimers();
    const { microphone, events } = await open();
    microphone.on('trackChanged', ({ track }) => queueMicrotask(() => (track as unknown as FakeTrack).end()));
    devices.last.end();
    await vi.advanceTimersByTimeAsync(0);
    expect([events.at(-1), devices.opened.length]).toEqual(['lost MICROPHONE_BUSY', 1 + max]);
    // It goes on like that, more and more slowly, and ends.
    await vi.advanceTimersByTimeAsync(60 * withinMs);
    const before = devices.opened.length;
    expect(before).toBeLessThan((1 + retries) * max);
    await vi.advanceTimersByTimeAsync(60 * withinMs);
    expect([devices.opened.length, microphone.lost]).toEqual([before, true]);
  });

  test('whose track has ended when it is handed over are no microphone', async () => {
    const { microphone, events } = await open();
    vi.spyOn(devices, 'getUserMedia').mockImplementation(async () => {
      const track = new FakeTrack({ label: 'Desk', settings: {} });
      track.stop();
      return { getAudioTracks: () => [track] };
    });
    await expect(LocalMicrophone.create()).rejects.toMatchObject({ code: 'MICROPHONE_NOT_FOUND' });
    devices.last.end();
    await settled();
    expect([events, microphone.lost]).toEqual([['lost MICROPHONE_NOT_FOUND'], true]);
  });

  test('are chosen by hand when the lost one has not come back', async () => {
    const { microphone, events } = await open();
    devices.failure = 'NotAllowedError';
    devices.last.end();
    await settled();
    expect(events).toEqual(['lost MICROPHONE_DENIED']);
    devices.failure = undefined;
    await microphone.setDevice('headset');
    expect(events.slice(1)).toEqual(['track of Headset', 'recovered', 'headset (Headset) chosen']);
  });
});

describe("the system's default microphone", () => {
  test('is followed as long as none was chosen', async () => {
    const { microphone, events } = await open();
    devices.makeDefault('Headset');
    await settled();
    expect(events.filter((event) => !event.endsWith('choose from'))).toEqual([
      'track of Headset',
      'default (Headset) default',
    ]);
    expect(devices.live).toEqual([microphone.track]);
    await microphone.setDevice('desk');
    devices.makeDefault('Desk');
    devices.makeDefault('Headset');
    await settled();
    expect([microphone.label, devices.opened.length]).toEqual(['Desk', 3]);
    await microphone.setDevice('default');
    devices.makeDefault('Desk');
    await settled();
    expect(microphone.label).toBe('Desk');
  });

  test('is not followed where that was not wanted', async () => {
    const { microphone } = await open({ followDefaultDevice: false });
    devices.makeDefault('Headset');
    await settled();
    expect([microphone.label, devices.opened.length]).toEqual(['Desk', 1]);
  });

  test('that cannot be opened leaves the old one in use', async () => {
    const { microphone, events } = await open();
    devices.failure = 'NotReadableError';
    devices.makeDefault('Headset');
    await settled();
    expect([microphone.label, microphone.track.readyState, microphone.lost]).toEqual(['Desk', 'live', false]);
    expect(events.filter((event) => !event.endsWith('choose from'))).toEqual([]);
  });
});
