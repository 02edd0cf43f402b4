/** Copies of the source that a room adds up: the direct one, a fraction of a sample around it, and its first reflections. */
const TAPS_BEFORE = 2;
const TAPS = 10;
/** Keeps the equations solvable where the source is one tone. */
const REGULARIZATION = 1e-4;

/**
 * Which share of the energy of `heard` is explained by `source` near a shift, with the best gains (least squares over a few
 * neighbouring shifts), and how much louder the source is.
 * @param source begins `SOURCE_MARGIN.before` samples before the shift and ends `SOURCE_MARGIN.after` after it
 */
export function explainedShare(heard: Float32Array, source: Float32Array): { share: number; sourceGain: number } {
  const samples = heard.length;
  const matrix = Array.from({ length: TAPS }, () => new Float64Array(TAPS + 1));
  let energy = 0;
  for (const value of heard) energy += value * value;
  let sourceEnergy = 0;
  for (let index = 0; index < samples; index += 1) sourceEnergy += (source[index + SOURCE_MARGIN.before] ?? 0) ** 2;
  if (energy === 0 || sourceEnergy === 0) return { share: 0, sourceGain: 0 };
  // A later sample of the heard signal is an earlier one of the source: tap k looks k samples back.
  const at = (index: number, tap: number) => source[index + TAPS - 1 - tap] ?? 0;
  for (let row = 0; row < TAPS; row += 1) {
    const target = matrix[row] as Float64Array;
    for (let column = row; column < TAPS; column += 1) {
      let sum = 0;
      for (let index = 0; index < samples; index += 1) sum += at(index, row) * at(index, column);
      target[column] = sum;
      (matrix[column] as Float64Array)[row] = sum;
    }
    let sum = 0;
    for (let index = 0; index < samples; index += 1) sum += at(index, row) * (heard[index] as number);
    target[TAPS] = sum;
  }
  for (let row = 0; row < TAPS; row += 1) {
    const target = matrix[row] as Float64Array;
    target[row] = (target[row] as number) + REGULARIZATION * sourceEnergy;
  }
  const right = matrix.map((row) => row[TAPS] as number);
  const gains = solve(matrix);
  const explained = gains.reduce((sum, gain, tap) => sum + gain * (right[tap] ?? 0), 0);
  return { share: Math.min(1, Math.max(0, explained / energy)), sourceGain: Math.sqrt(sourceEnergy / energy) };
}

/** Samples of the source that `explainedShare` wants before and after the shift. */
export const SOURCE_MARGIN = { before: TAPS - 1 - TAPS_BEFORE, after: TAPS_BEFORE };

/** Gauss's elimination with the right side in the last column. */
function solve(matrix: Float64Array[]): number[] {
  const size = matrix.length;
  for (let pivot = 0; pivot < size; pivot += 1) {
    const row = matrix[pivot] as Float64Array;
    const head = row[pivot] as number;
    if (head === 0) continue;
    for (let other = pivot + 1; other < size; other += 1) {
      const target = matrix[other] as Float64Array;
      const factor = (target[pivot] as number) / head;
      for (let column = pivot; column <= size; column += 1) {
        target[column] = (target[column] as number) - factor * (row[column] as number);
      }
    }
  }
  const result = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row -= 1) {
    const values = matrix[row] as Float64Array;
    let sum = values[size] as number;
    for (let column = row + 1; column < size; column += 1)
      sum -= (values[column] as number) * (result[column] as number);
    const head = values[row] as number;
    result[row] = head === 0 ? 0 : sum / head;
  }
  return result;
}
