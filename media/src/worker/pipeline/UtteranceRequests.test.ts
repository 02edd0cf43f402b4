import { describe, expect, it } from 'vitest';
import { bareUtterance } from './testing/bareUtterance.js';

const MS = 16;
const loud = (ms: number, level = 4_000) =>
  Int16Array.from({ length: ms * MS }, (_, at) => Math.round(level * Math.sin(at * at)));
const silence = (ms: number) => new Int16Array(ms * MS);

describe('the requests of an utterance', () => {
  it('ask for finals and interims with the settings of their kind', async () => {
    const { utterance, ring, requests, time } = bareUtterance({
      script: () => ({ text: 'words' }),
      settings: { beamSize: 4, interimBeamSize: 1, temperatureFallback: true },
    });
    ring.write(0, loud(1_000));
    utterance.requestInterim(800 * MS);
    await time.play(10);
    const final = utterance.close({ endSample: 1_000 * MS, speechEndSample: 1_000 * MS, cause: 'silence' });
    await time.play(10);
    expect(await final).toMatchObject({ text: 'words' });
    const interim = requests.find(({ kind }) => kind === 'interim');
    expect(interim?.settings).toMatchObject({ beamSize: 1, temperatureFallback: false });
    expect(interim).toMatchObject({ first: true });
    expect(requests.at(-1)?.kind).toBe('final');
    expect(requests.at(-1)?.settings).toMatchObject({ beamSize: 4, temperatureFallback: true });
    expect([interim, requests.at(-1)].map((request) => (request?.pcm.length ?? 0) / MS)).toEqual([800, 1_000]);
  });

  it.each([
    [true, 1_128],
    [false, 1_600],
  ])('have the audio as the model wants it: pauses shortened %s, %i ms', async (shortensPauses, audioMs) => {
    const { utterance, ring, requests, time } = bareUtterance({
      script: () => ({ text: 'words' }),
      reading: { shortensPauses },
    });
    ring.write(0, loud(500));
    ring.write(ring.endSample, silence(600));
    utterance.resume({ startSample: 500 * MS, endSample: 1_100 * MS });
    ring.write(ring.endSample, loud(500));
    void utterance.close({ endSample: ring.endSample, speechEndSample: ring.endSample, cause: 'silence' });
    await time.play(10);
    expect(requests.map(({ pcm }) => pcm.length / MS)).toEqual([audioMs]);
  });

  it('are not made of audio that is nowhere loud enough: its final has no text, by that gate', async () => {
    const { utterance, ring, requests, events } = bareUtterance({
      script: () => ({ text: 'words' }),
      settings: { silenceLevelDb: -40 },
    });
    ring.write(0, loud(1_000, 100));
    const final = utterance.close({ endSample: ring.endSample, speechEndSample: ring.endSample, cause: 'silence' });
    expect(await final).toMatchObject({ text: '', rejected: 'nearSilent', engineMs: 0 });
    expect(requests).toEqual([]);
    expect(events).toEqual([]);
  });

  it('report the engine time of each answer, and of each that nobody needed', async () => {
    const { utterance, ring, events, time } = bareUtterance({
      script: ({ kind }) => ({ text: 'words', delayMs: kind === 'final' ? 700 : 300 }),
    });
    ring.write(0, loud(1_000));
    utterance.speculate({ speechEndSample: 900 * MS, endSample: 1_000 * MS });
    await time.play(700);
    utterance.resume({ startSample: 900 * MS, endSample: 1_100 * MS });
    expect(events.filter(({ type }) => type === 'engineAnswered' || type === 'answerDiscarded')).toEqual([
      { type: 'engineAnswered', engineMs: 700 },
      { type: 'answerDiscarded', engineMs: 700 },
    ]);
  });

  it('are refused where some of their audio is gone: a rest would say something else than the whole', async () => {
    const { utterance, ring, requests } = bareUtterance({ script: () => ({ text: 'words' }) });
    for (let second = 0; second < 70; second += 1) ring.write(ring.endSample, loud(1_000));
    const final = utterance.close({ endSample: 2_000 * MS, speechEndSample: 2_000 * MS, cause: 'silence' });
    await expect(final).rejects.toMatchObject({ code: 'AUDIO_LOST' });
    expect(requests).toEqual([]);
  });
});
