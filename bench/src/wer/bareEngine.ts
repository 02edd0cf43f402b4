import type { RecognitionSettings, Recognizer } from '@parley/media/asr';
import type { Heard } from './throughPipeline.js';

const SAMPLES_PER_MS = 16;
const FRAME_SAMPLES = 320;
const PATIENCE_MS = 10 * 60_000;

/** The same model and beam on the raw samples: no Opus, no VAD, no gates, no previous text. */
export async function throughBareEngine(options: {
  pcm: Int16Array;
  recognizer: Recognizer;
  settings: Pick<RecognitionSettings, 'language' | 'task' | 'beamSize' | 'temperatureFallback'>;
  longestWindowMs: number;
}): Promise<Heard> {
  const { pcm, recognizer, longestWindowMs } = options;
  const texts: string[] = [];
  let engineMs = 0;
  for (let from = 0; from < pcm.length; ) {
    const to = pieceEnd({ pcm, from, longestSamples: longestWindowMs * SAMPLES_PER_MS });
    const hypothesis = await recognizer.recognize({
      kind: 'final',
      meetingId: 'bench',
      trackId: 'bare',
      pcm: pcm.slice(from, to),
      settings: {
        ...options.settings,
        languages: [],
        prompt: '',
        words: false,
        noSpeechThreshold: 1,
        logProbabilityThreshold: -1_000,
        compressionRatioThreshold: 1_000,
        tokensPerSecond: 50,
      },
      deadlineMs: PATIENCE_MS,
    });
    texts.push(hypothesis.text);
    engineMs += hypothesis.engineMs;
    from = to;
  }
  return { text: texts.join(' '), engineMs, gaps: 0 };
}

/** Where to cut a recording that is longer than the model's window: at the quietest 20 ms of the window's last half. */
export function pieceEnd(options: { pcm: Int16Array; from: number; longestSamples: number }): number {
  const { pcm, from, longestSamples } = options;
  if (pcm.length - from <= longestSamples) return pcm.length;
  let quietest = Number.POSITIVE_INFINITY;
  let end = from + longestSamples;
  for (let at = from + longestSamples / 2; at + FRAME_SAMPLES <= from + longestSamples; at += FRAME_SAMPLES) {
    let energy = 0;
    for (let index = at; index < at + FRAME_SAMPLES; index += 1) energy += (pcm[index] ?? 0) ** 2;
    if (energy <= quietest) {
      quietest = energy;
      end = at + FRAME_SAMPLES / 2;
    }
  }
  return end;
}
