/** Words in the order of their times, inside the audio, without negative lengths; empty ones are left out. */
export function monotonicWords<W extends { text: string; startMs: number; endMs: number }>(
  words: readonly W[],
  audioMs: number,
): W[] {
  const limitMs = Number.isFinite(audioMs) ? Math.max(0, audioMs) : 0;
  let floorMs = 0;
  const ordered: W[] = [];
  for (const word of words) {
    if (word.text.trim() === '') continue;
    const startMs = clamp(word.startMs, floorMs, limitMs);
    const endMs = clamp(word.endMs, startMs, limitMs);
    floorMs = endMs;
    ordered.push({ ...word, startMs, endMs });
  }
  return ordered;
}

function clamp(value: number, from: number, to: number): number {
  return Number.isFinite(value) ? Math.min(to, Math.max(from, value)) : from;
}
