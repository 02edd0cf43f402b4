import { expect, test, vi } from 'vitest';
import { noise } from '../../../testing/noises.js';
import { CrosstalkGuard } from './CrosstalkGuard.js';
import { correlate } from './fft.js';

vi.mock('./fft.js', { spy: true });

const FRAME_SAMPLES = 512;
const FRAME_MS = 32;

test('a CrosstalkGuard that judges again searches only what is new', () => {
  const guard = new CrosstalkGuard();
  const tracks = ['anna', 'ben'].map((trackId, index) => {
    guard.open(trackId);
    return { trackId, pcm: noise({ kind: 'white', seconds: 4, levelDb: -20 - 12 * index }).toReversed() };
  });
  // Not the same noise, so that neither explains the other.
  tracks[1]?.pcm.reverse();
  let frame = 0;
  const play = (frames: number) => {
    for (const end = frame + frames; frame < end; frame += 1) {
      for (const { trackId, pcm } of tracks) {
        const part = pcm.slice(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES);
        guard.push({ trackId, startMs: frame * FRAME_MS, arrivedMs: frame * FRAME_MS, pcm: part, probability: 0.9 });
      }
    }
  };
  const searchesOf = (action: () => void) => {
    vi.mocked(correlate).mockClear();
    action();
    return vi.mocked(correlate).mock.calls.length;
  };
  const judge = () => expect(guard.judge('ben', 0, frame * FRAME_MS).crosstalk).toBe(false);

  play(90);
  expect(searchesOf(judge)).toBe(30);
  // As far as the other track has not got beyond the last frames, there is nothing new about them either.
  expect(searchesOf(judge)).toBe(0);
  play(15);
  const searches = searchesOf(judge);
  expect(searches).toBeGreaterThanOrEqual(5);
  expect(searches).toBeLessThanOrEqual(8);
});

test('a CrosstalkGuard looks for an echo once in all that was sent, not in each track', () => {
  const guard = new CrosstalkGuard();
  const trackIds = ['ben', 'ada', 'carol', 'dora', 'emil'];
  for (const trackId of trackIds) guard.open(trackId);
  const loud = noise({ kind: 'white', seconds: 4, levelDb: -20 });
  const quiet = noise({ kind: 'pink', seconds: 4, levelDb: -40 });
  vi.mocked(correlate).mockClear();
  const play = () => {
    for (let frame = 0; frame < 90; frame += 1) {
      for (const [index, trackId] of trackIds.entries()) {
        // Not the same noise in any two of them.
        const at = ((frame + index * 20) % 120) * FRAME_SAMPLES;
        const pcm = (index === 0 ? quiet : loud).slice(at, at + FRAME_SAMPLES);
        const probability = index === 0 ? 0.9 : 0;
        guard.push({ trackId, startMs: frame * FRAME_MS, arrivedMs: frame * FRAME_MS, pcm, probability });
      }
    }
    return vi.mocked(correlate).mock.calls.length;
  };
  const leaksAlone = play();
  for (const trackId of trackIds) guard.jump(trackId);
  guard.setSent('ben', trackIds);
  vi.mocked(correlate).mockClear();
  const withEchoes = play();
  // Of 30 frames that are searched, the first ones have nothing 400 ms before them.
  expect(withEchoes - leaksAlone).toBeGreaterThan(20);
  expect(withEchoes - leaksAlone).toBeLessThanOrEqual(30);
});
