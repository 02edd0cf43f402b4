export interface LevelMeter {
  /** Loudness now, 0 (silence) to 1 (full scale), on a scale that looks even to the eye. */
  level(): number;
  close(): void;
}

/** What counts as silence, in dB below full scale. */
const FLOOR_DB = 60;

/**
 * Measures how loud a track is, for a meter beside the microphone picker. The track is not touched.
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
