import { describe, expect, it } from 'vitest';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import { RecognitionError } from '../../asr/contract/recognition.js';
import { type FakeScript, hypothesisOf } from '../../testing/FakeRecognizer.js';
import { bareUtterance } from './testing/bareUtterance.js';
import { loudSpeaker } from './testing/loudSpeaker.js';

const MS = 16;

function utteranceOf(script: (heardMs: number, kind: string) => FakeScript) {
  const { time, ring, utterance, requests, readings } = bareUtterance({
    script: ({ pcm, kind }) => script(pcm.length / MS, kind),
  });
  return {
    time,
    utterance,
    requests,
    ring,
    readings,
    heardMs: () => requests.filter(({ kind }) => kind === 'interim').map(({ pcm }) => pcm.length / MS),
    speak: (ms: number) =>
      ring.write(
        ring.endSample,
        Int16Array.from({ length: ms * MS }, (_, i) => 4_000 * Math.sin(i * i)),
      ),
  };
}

describe('the first words of an utterance', () => {
  it('are asked for again at once while an interim has found none', async () => {
    const { time, utterance, heardMs, speak } = utteranceOf((ms) => ({
      text: ms < 900 ? '' : 'Hello there my dear old friend',
      delayMs: 200,
    }));
    speak(300);
    utterance.requestInterim(300 * MS);
    for (const more of [200, 200, 200, 200, 200]) {
      speak(more);
      await time.play(200);
    }
    // 900 ms hold words: after them an interim waits for its turn.
    expect(heardMs()).toEqual([300, 500, 700, 900]);
  });

  it('are asked for more often than what follows them, as the engine is quick enough', async () => {
    const heardMs: number[] = [];
    const recognizer: Recognizer = {
      recognize: async ({ kind, pcm }) => {
        if (kind === 'interim') heardMs.push(pcm.length / MS);
        return hypothesisOf(pcm.length / MS < 1_100 ? '' : 'Hello there my dear old friend');
      },
    };
    const { hear } = loudSpeaker({ recognizer });
    await hear({ ms: 2_500, level: 4_000 });
    const steps = heardMs.slice(1).map((ms, index) => ms - (heardMs[index] ?? 0));
    const shown = heardMs.findIndex((ms) => ms >= 1_100);
    expect(shown).toBeGreaterThan(2);
    for (const step of steps.slice(0, shown)) expect(step).toBe(160);
    for (const step of steps.slice(shown + 1)) expect(step).toBeGreaterThanOrEqual(250);
  });

  it('are not asked for again before there is something new to hear', async () => {
    const { time, utterance, heardMs, speak } = utteranceOf(() => ({ text: '', delayMs: 50 }));
    speak(300);
    utterance.requestInterim(300 * MS);
    speak(100);
    await time.play(1_000);
    expect(heardMs()).toEqual([300]);
  });
});

describe('an interim', () => {
  it('says that it is of an utterance of which nothing is shown, until something is or it is no wonder any more', async () => {
    const texts = ['', 'Hello there my dear old friend', 'Hello there my dear old friend'];
    const { time, ring, utterance, requests, speak } = utteranceOf(() => ({ text: texts.shift() ?? '' }));
    for (const more of [300, 1_500, 100]) {
      speak(more);
      utterance.requestInterim(ring.endSample);
      await time.play(10);
    }
    utterance.speculate({ speechEndSample: ring.endSample - 64 * MS, endSample: ring.endSample });
    await time.play(10);
    expect(requests.map(({ kind, first }) => [kind, first])).toEqual([
      ['interim', true],
      ['interim', true],
      ['interim', undefined],
      ['final', undefined],
    ]);
    const music = utteranceOf(() => ({ text: '' }));
    music.speak(3_100);
    music.utterance.requestInterim(3_100 * MS);
    expect(music.requests.map(({ first }) => first)).toEqual([undefined]);
  });

  it('that had to go for a final is asked for again as soon as speech goes on, whatever the pace', async () => {
    const interims: number[] = [];
    let giveUp = () => {};
    const recognizer: Recognizer = {
      recognize: ({ kind, pcm }, { signal } = {}) =>
        new Promise((_, reject) => {
          const superseded = () => reject(new RecognitionError('SUPERSEDED', 'by the final'));
          signal?.addEventListener('abort', superseded);
          if (kind === 'final') giveUp();
          else {
            interims.push(pcm.length / MS);
            giveUp = superseded;
          }
        }),
    };
    const { hear, pipeline } = loudSpeaker({ recognizer });
    pipeline.setInterimPace(60_000);
    await hear({ ms: 600, level: 4_000 });
    await hear({ ms: 450, level: 0 });
    expect(interims).toHaveLength(1);
    await hear({ ms: 600, level: 4_000 });
    expect(interims).toHaveLength(2);
    expect(interims[1]).toBeLessThan(600 + 450 + 250);
  });
});

describe('a silence whose final is not there yet', () => {
  const SAID = 'That is the whole of the sentence.';

  it('is read by the interim that has heard all words before it', async () => {
    const { time, utterance, readings, speak } = utteranceOf((_, kind) =>
      kind === 'interim' ? { text: SAID, delayMs: 100 } : { text: SAID, delayMs: 900 },
    );
    speak(2_000);
    utterance.requestInterim(2_000 * MS);
    speak(200);
    utterance.speculate({ speechEndSample: 2_050 * MS, endSample: 2_150 * MS });
    expect(readings()).toEqual([]);
    await time.play(100);
    expect(readings()).toEqual(['sentence']);
    await time.play(900);
    expect(readings()).toEqual(['sentence', 'sentence']);
  });

  it('is not read by one that has heard less', async () => {
    const { time, utterance, readings, speak } = utteranceOf((_, kind) =>
      kind === 'interim' ? { text: SAID, delayMs: 100 } : { hang: true },
    );
    speak(2_000);
    utterance.requestInterim(1_800 * MS);
    speak(200);
    utterance.speculate({ speechEndSample: 2_050 * MS, endSample: 2_150 * MS });
    await time.play(1_000);
    expect(readings()).toEqual([]);
  });
});
