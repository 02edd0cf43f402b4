/** Root mean square of 16-bit samples, as a share of full scale (0 to 1). 0 for no samples. */
export function rms(pcm: Int16Array): number {
  if (pcm.length === 0) return 0;
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  return Math.sqrt(sum / pcm.length) / 32_768;
}

/** The lowest level that `dbfs` returns: below one unit of 16 bits. */
export const SILENCE_DBFS = -96;

/** A share of full scale in decibels: 0 for full scale, `SILENCE_DBFS` for silence. */
export function dbfs(share: number): number {
  return share <= 0 ? SILENCE_DBFS : Math.max(SILENCE_DBFS, 20 * Math.log10(share));
}
