export interface LevelMeter {
  /** Current loudness, 0 (silence) to 1 (full scale), on a perceptual scale. */
  level(): number;
  close(): void;
}

/** Level that counts as silence, in dB below full scale. */
const FLOOR_DB = 60;

/**
 * Measures the loudness of a track, e.g. for a meter next to the microphone picker. The track is not changed.
 *
 * @example
 * const meter = createLevelMeter(track);
 * requestAnimationFrame(function draw() {
 *   bar.style.width = `${100 * meter.level()}%`;
 *   requestAnimationFrame(draw);
 * });
 */
export function createLevelMeter(track: MediaStreamTrack): LevelMeter {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1_024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  // Browsers start contexts suspended until the person has touched the page.
  if (context.state === 'suspended') context.resume().catch(() => {});
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return power === 0 ? 0 : Math.min(1, Math.max(0, 1 + (10 * Math.log10(power)) / FLOOR_DB));
    },
    close() {
      source.disconnect();
      if (context.state !== 'closed') context.close().catch(() => {});
    },
  };
}
