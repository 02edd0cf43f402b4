import { describe, expect, it } from 'vitest';
import { PcmRing } from '../audio/index.js';
import { compactPauses } from './compactPauses.js';

const MS = 16;

/** A ring whose samples are their own numbers (in steps of 16, so that they fit). */
function ringOf(ms: number): PcmRing {
  const ring = new PcmRing();
  ring.write(
    0,
    Int16Array.from({ length: ms * MS }, (_, sample) => sample >> 4),
  );
  return ring;
}

describe('compactPauses', () => {
  it('hands over the audio as it is where nobody paused for long', () => {
    const pauses = [{ startSample: 200 * MS, endSample: 300 * MS }];
    const { pcm, toOriginalMs } = compactPauses({ ring: ringOf(1_000), startSample: 0, endSample: 1_000 * MS, pauses });
    expect(pcm).toHaveLength(1_000 * MS);
    expect(toOriginalMs(700)).toBe(700);
  });

  it('leaves a moment of each side of a long pause, and finds the way back', () => {
    const pauses = [{ startSample: 300 * MS, endSample: 700 * MS }];
    const { pcm, toOriginalMs } = compactPauses({ ring: ringOf(1_000), startSample: 0, endSample: 1_000 * MS, pauses });
    expect(pcm).toHaveLength((1_000 - 400 + 128) * MS);
    expect(pcm[364 * MS - 1]).toBe(363);
    expect(pcm[364 * MS]).toBe(636);
    expect(toOriginalMs(300)).toBe(300);
    expect(toOriginalMs(364)).toBe(636);
    expect(toOriginalMs(464)).toBe(736);
  });

  it('takes pauses in turn, and those only that lie within the stretch', () => {
    const pauses = [
      { startSample: 0, endSample: 250 * MS },
      { startSample: 400 * MS, endSample: 650 * MS },
      { startSample: 800 * MS, endSample: 1_200 * MS },
    ];
    const ring = ringOf(2_000);
    const { pcm, toOriginalMs } = compactPauses({ ring, startSample: 300 * MS, endSample: 1_300 * MS, pauses });
    expect(pcm).toHaveLength((1_000 - 122 - 272) * MS);
    expect(toOriginalMs(pcm.length / MS)).toBe(1_000);
  });
});
