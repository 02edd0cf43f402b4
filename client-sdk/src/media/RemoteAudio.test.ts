import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RemoteAudio } from './RemoteAudio.js';

class FakeElement {
  autoplay = false;
  muted = false;
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
beforeEach(() => {
  elements = [];
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
  audio.on('playbackBlocked', () => {
    told += 1;
  });
  refusal = 'NotAllowedError';
  audio.add({ participantId: 'ben', consumerId: 'c1', track: track('1') });
  audio.add({ participantId: 'cy', consumerId: 'c2', track: track('2') });
  await settled();
  expect([told, audio.blocked]).toEqual([1, true]);
  await audio.resume();
  expect([told, audio.blocked]).toEqual([2, true]);
  refusal = undefined;
  await audio.resume();
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
