const SAMPLE_RATE = 16_000;
const FFT_SIZE = 400;
/** Slaney's scale: linear up to 1 kHz, then logarithmic. */
const LINEAR_HZ = 200 / 3;
const BREAK_HZ = 1_000;
const BREAK_MEL = BREAK_HZ / LINEAR_HZ;
const LOG_STEP = Math.log(6.4) / 27;

/**
 * Whisper's mel filters: triangles on Slaney's mel scale, each of the same area, over the 201 bins of its FFT. In 64 bits, rounded once.
 * @param bands 80, or 128 from large-v3 on
 * @returns row by row, bands x 201
 */
export function melFilters(bands: number): { bands: number; bins: number; weights: Float32Array } {
  const bins = 1 + FFT_SIZE / 2;
  const highest = melOf(SAMPLE_RATE / 2);
  const step = highest / (bands + 1);
  // The last edge is exact: there the last filter is 0, not a rounding error.
  const edges = Array.from({ length: bands + 2 }, (_, index) => hzOf(index > bands ? highest : index * step));
  const weights = new Float32Array(bands * bins);
  for (let band = 0; band < bands; band += 1) {
    const [from = 0, middle = 0, to = 0] = edges.slice(band, band + 3);
    // As in librosa: the triangle is rounded to 32 bits before it is scaled.
    const area = 2 / (to - from);
    for (let bin = 0; bin < bins; bin += 1) {
      const hz = (bin * (SAMPLE_RATE / 2)) / (bins - 1);
      const height = Math.max(0, Math.min((hz - from) / (middle - from), (to - hz) / (to - middle)));
      weights[band * bins + bin] = Math.fround(height) * area;
    }
  }
  return { bands, bins, weights };
}

function melOf(hz: number): number {
  return hz >= BREAK_HZ ? BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP : hz / LINEAR_HZ;
}

function hzOf(mel: number): number {
  return mel >= BREAK_MEL ? BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL)) : mel * LINEAR_HZ;
}
