import { afterEach, describe, expect, test, vi } from 'vitest';
import { captureMicrophone, listMicrophones } from './microphone.js';

afterEach(() => vi.unstubAllGlobals());

function browserWith(mediaDevices: unknown, isSecureContext = true): void {
  vi.stubGlobal('navigator', { mediaDevices });
  vi.stubGlobal('isSecureContext', isSecureContext);
}

const failingWith = (name: string) => ({
  getUserMedia: () => Promise.reject(Object.assign(new Error('as browsers say it'), { name })),
});

describe('captureMicrophone', () => {
  test('asks for one channel with the cleaning that speech wants, and for the microphone that was chosen', async () => {
    const track = {};
    const asked: unknown[] = [];
    browserWith({
      getUserMedia: (constraints: unknown) => {
        asked.push(constraints);
        return Promise.resolve({ getAudioTracks: () => [track] });
      },
    });
    expect(await captureMicrophone({ deviceId: 'desk', noiseSuppression: false })).toBe(track);
    expect(asked).toEqual([
      {
        audio: {
          channelCount: 1,
          echoCancellation: true,
          noiseSuppression: false,
          autoGainControl: true,
          deviceId: { exact: 'desk' },
        },
      },
    ]);
  });

  test.each([
    ['NotAllowedError', 'MICROPHONE_DENIED'],
    ['SecurityError', 'MICROPHONE_DENIED'],
    ['NotFoundError', 'MICROPHONE_NOT_FOUND'],
    ['OverconstrainedError', 'MICROPHONE_NOT_FOUND'],
    ['NotReadableError', 'MICROPHONE_BUSY'],
    ['AbortError', 'MICROPHONE_BUSY'],
    ['SomethingNewError', 'MICROPHONE_NOT_FOUND'],
  ])('tells %s as %s', async (name, code) => {
    browserWith(failingWith(name));
    await expect(captureMicrophone()).rejects.toMatchObject({ code });
  });

  test('tells a page that is not secure from a browser without microphones', async () => {
    browserWith(undefined, false);
    await expect(captureMicrophone()).rejects.toMatchObject({ code: 'INSECURE_CONTEXT' });
    for (const devices of [undefined, {}]) {
      browserWith(devices, true);
      await expect(captureMicrophone()).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
    }
  });
});

describe('listMicrophones', () => {
  test('names the microphones that have no name yet, and leaves everything else out', async () => {
    browserWith({
      enumerateDevices: () =>
        Promise.resolve([
          { kind: 'videoinput', deviceId: 'camera', label: 'Camera' },
          { kind: 'audioinput', deviceId: '', label: '' },
          { kind: 'audioinput', deviceId: 'a', label: '' },
          { kind: 'audioinput', deviceId: 'b', label: 'Headset' },
        ]),
    });
    expect(await listMicrophones()).toEqual([
      { deviceId: 'a', label: 'Microphone 1' },
      { deviceId: 'b', label: 'Headset' },
    ]);
  });
});
