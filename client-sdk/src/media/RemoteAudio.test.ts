import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { InputError } from '../protocol/index.js';
import { RemoteAudio } from './RemoteAudio.js';

class FakeElement {
  autoplay = false;
  muted = false;
  volume = 1;
  sinkId = '';
  srcObject: FakeStream | null = null;
  playing = false;

  constructor() {
    elements.push(this);
  }

  play(): Promise<void> {
    if (refusal !== undefined) return Promise.reject(Object.assign(new Error('refused'), { name: refusal }));
    this.playing = true;
    return Promise.resolve();
  }

  pause(): void {
    this.playing = false;
  }

  async setSinkId(deviceId: string): Promise<void> {
    if (!loudspeakers.includes(deviceId)) throw Object.assign(new Error('gone'), { name: 'NotFoundError' });
    this.sinkId = deviceId;
  }
}

class FakeStream {
  readonly tracks: Set<unknown>;

  constructor(tracks: unknown[]) {
    this.tracks = new Set(tracks);
  }

  addTrack(track: unknown): void {
    this.tracks.add(track);
  }

  removeTrack(track: unknown): void {
    this.tracks.delete(track);
  }
}

let elements: FakeElement[];
let refusal: string | undefined;
let loudspeakers: string[];
beforeEach(() => {
  elements = [];
  loudspeakers = ['', 'desk', 'headset'];
  refusal = undefined;
  vi.stubGlobal('Audio', FakeElement);
  vi.stubGlobal('MediaStream', FakeStream);
});
afterEach(() => vi.unstubAllGlobals());

const track = (id: string) => ({ id }) as MediaStreamTrack;
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('plays each participant by one element, however many tracks', async () => {
  const audio = new RemoteAudio();
  const [first, second, other] = [track('1'), track('2'), track('3')];
  audio.add({ participantId: 'ben', consumerId: 'c1', track: first });
  audio.add({ participantId: 'ben', consumerId: 'c2', track: second });
  audio.add({ participantId: 'cy', consumerId: 'c3', track: other });
  await settled();
  expect(elements.map(({ playing, autoplay }) => [playing, autoplay])).toEqual([
    [true, true],
    [true, true],
  ]);
  expect([...(elements[0]?.srcObject?.tracks ?? [])]).toEqual([first, second]);
  audio.remove({ participantId: 'ben', consumerId: 'c1' });
  expect(elements[0]?.playing).toBe(true);
  audio.remove({ participantId: 'ben', consumerId: 'c2' });
  audio.remove({ participantId: 'ben', consumerId: 'c2' });
  expect([elements[0]?.playing, elements[0]?.srcObject]).toEqual([false, null]);
  expect(elements[1]?.playing).toBe(true);
  audio.close();
  expect(elements[1]?.playing).toBe(false);
});

test('silences those who are heard and those who come', () => {
  const audio = new RemoteAudio();
  audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
  audio.setMuted(true);
  audio.add({ participantId: 'cy', consumerId: 'c2', track: track('2') });
  expect([audio.muted, ...elements.map(({ muted }) => muted)]).toEqual([true, true, true]);
  audio.setMuted(false);
  expect(elements.map(({ muted }) => muted)).toEqual([false, false]);
});

test('says once that the browser blocks sound, and plays everybody after a click', async () => {
  const audio = new RemoteAudio();
  let told = 0;
  let resumed = 0;
  audio.on('playbackBlocked', () => {
    told += 1;
  });
  audio.on('playbackResumed', () => {
    resumed += 1;
  });
  refusal = 'NotAllowedError';
  audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
  audio.add({ participantId: 'cy', consumerId: 'c2', track: track('2') });
  await settled();
  expect([told, audio.blocked]).toEqual([1, true]);
  await audio.resume();
  expect([told, audio.blocked, resumed]).toEqual([2, true, 0]);
  refusal = undefined;
  await audio.resume();
  await audio.resume();
  expect(resumed).toBe(1);
  expect([told, audio.blocked, ...elements.map(({ playing }) => playing)]).toEqual([2, false, true, true]);
});

test('takes no notice of a voice that ended before it began', async () => {
  const audio = new RemoteAudio();
  let told = 0;
  audio.on('playbackBlocked', () => {
    told += 1;
  });
  refusal = 'AbortError';
  audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
  await settled();
  expect(told).toBe(0);
});

test('does nothing where there is nothing to play with', () => {
  vi.unstubAllGlobals();
  const audio = new RemoteAudio();
  audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
  audio.close();
  expect(elements).toEqual([]);
});

describe('the volume of a participant', () => {
  test('holds for who is heard, who comes later and who comes back', () => {
    const audio = new RemoteAudio();
    audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
    audio.setVolume({ participantId: 'ben', volume: 0.3 });
    audio.setVolume({ participantId: 'cy', volume: 0 });
    audio.add({ participantId: 'cy', consumerId: 'c2', track: track('2') });
    audio.remove({ participantId: 'ben', consumerId: 'c1' });
    audio.add({ participantId: 'ben', consumerId: 'c3', track: track('3') });
    expect(elements.map(({ volume }) => volume)).toEqual([0.3, 0, 0.3]);
    audio.setVolume({ participantId: 'ben', volume: 1 });
    expect([audio.volumeOf('ben'), audio.volumeOf('cy'), audio.volumeOf('dan')]).toEqual([1, 0, 1]);
  });

  test.each([-0.1, 1.1, Number.NaN])('cannot be %d', (volume) => {
    const audio = new RemoteAudio();
    expect(() => audio.setVolume({ participantId: 'ben', volume })).toThrow(InputError);
    expect(audio.volumeOf('ben')).toBe(1);
  });
});

describe('the loudspeaker', () => {
  test('holds for who is heard and who comes later', async () => {
    const audio = new RemoteAudio();
    audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
    await audio.setOutputDevice('headset');
    audio.add({ participantId: 'cy', consumerId: 'c2', track: track('2') });
    await settled();
    expect([audio.outputDeviceId, elements[0]?.sinkId, elements.at(-1)?.sinkId]).toEqual([
      'headset',
      'headset',
      'headset',
    ]);
  });

  test('that is not there changes nothing', async () => {
    const audio = new RemoteAudio();
    audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
    await audio.setOutputDevice('desk');
    await expect(audio.setOutputDevice('gone')).rejects.toMatchObject({
      code: 'OUTPUT_DEVICE_NOT_FOUND',
      reason: 'media',
    });
    expect([audio.outputDeviceId, elements[0]?.sinkId]).toEqual(['desk', 'desk']);
  });

  test('that goes while people are switched to it leaves everybody where they were', async () => {
    const audio = new RemoteAudio();
    audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
    audio.add({ participantId: 'cy', consumerId: 'c2', track: track('2') });
    await audio.setOutputDevice('desk');
    const [, second] = elements;
    const setSinkId = FakeElement.prototype.setSinkId;
    vi.spyOn(FakeElement.prototype, 'setSinkId').mockImplementation(async function (this: FakeElement, deviceId) {
      if (this === second && deviceId === 'headset') throw new Error('gone');
      await setSinkId.call(this, deviceId);
    });
    await expect(audio.setOutputDevice('headset')).rejects.toMatchObject({ code: 'OUTPUT_DEVICE_NOT_FOUND' });
    expect([audio.outputDeviceId, elements[0]?.sinkId, second?.sinkId]).toEqual(['desk', 'desk', 'desk']);
    vi.restoreAllMocks();
  });

  test('that was unplugged later leaves those who come on the one of the system', async () => {
    const audio = new RemoteAudio();
    await audio.setOutputDevice('headset');
    loudspeakers = ['', 'desk'];
    audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
    await settled();
    expect([elements.at(-1)?.sinkId, elements.at(-1)?.playing]).toEqual(['', true]);
  });

  test('cannot be chosen in every browser', async () => {
    vi.stubGlobal('Audio', class {});
    await expect(new RemoteAudio().setOutputDevice('desk')).rejects.toMatchObject({
      code: 'OUTPUT_DEVICE_UNSUPPORTED',
    });
    vi.unstubAllGlobals();
    await expect(new RemoteAudio().setOutputDevice('desk')).rejects.toMatchObject({
      code: 'OUTPUT_DEVICE_UNSUPPORTED',
    });
  });

  test('is chosen from those that the browser shows, numbered where they have no name', async () => {
    const enumerateDevices = async () => [
      { kind: 'audioinput', deviceId: 'a', label: 'Microphone' },
      { kind: 'audiooutput', deviceId: '', label: '' },
      { kind: 'audiooutput', deviceId: 'desk', label: 'Desk' },
      { kind: 'audiooutput', deviceId: 'headset', label: '' },
    ];
    vi.stubGlobal('navigator', { mediaDevices: { enumerateDevices } });
    expect(await new RemoteAudio().listSpeakers()).toEqual([
      { deviceId: 'desk', label: 'Desk' },
      { deviceId: 'headset', label: 'Loudspeaker 2' },
    ]);
    vi.stubGlobal('navigator', {});
    expect(await new RemoteAudio().listSpeakers()).toEqual([]);
  });
});

describe('an element of the page', () => {
  const own = () => new FakeElement() as FakeElement & HTMLMediaElement;

  test('takes over who is heard, with everything that was set, and gives them back', async () => {
    const audio = new RemoteAudio();
    audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
    const [first] = elements;
    const source = first?.srcObject;
    audio.setVolume({ participantId: 'ben', volume: 0.5 });
    audio.setMuted(true);
    await audio.setOutputDevice('desk');
    const element = own();
    audio.attach('ben', element);
    await settled();
    expect([first?.playing, first?.srcObject]).toEqual([false, null]);
    expect(element).toMatchObject({ playing: true, srcObject: source, volume: 0.5, muted: true, sinkId: 'desk' });
    audio.detach('ben');
    audio.detach('ben');
    await settled();
    expect([element.playing, element.srcObject]).toEqual([false, null]);
    expect(elements.at(-1)).toMatchObject({ playing: true, srcObject: source, volume: 0.5, muted: true });
  });

  test('waits for who is not heard yet, and for who comes back', async () => {
    const audio = new RemoteAudio();
    const element = own();
    audio.attach('ben', element);
    for (const consumerId of ['c1', 'c2']) {
      audio.add({ participantId: 'ben', consumerId, track: track(consumerId) });
      await settled();
      expect(element.playing).toBe(true);
      audio.remove({ participantId: 'ben', consumerId });
      expect([element.playing, element.srcObject]).toEqual([false, null]);
    }
    expect(elements).toEqual([element]);
  });
});
