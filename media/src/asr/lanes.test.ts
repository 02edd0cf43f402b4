import { describe, expect, it } from 'vitest';
import { lanesFor } from './lanes.js';

describe('lanesFor', () => {
  it.each([
    [1, { lanes: 1, threadsPerLane: 1 }],
    [2, { lanes: 2, threadsPerLane: 1 }],
    [4, { lanes: 3, threadsPerLane: 1 }],
    [8, { lanes: 3, threadsPerLane: 2 }],
    [16, { lanes: 3, threadsPerLane: 4 }],
    [64, { lanes: 8, threadsPerLane: 6 }],
  ])('uses a CPU of %i cores without more threads than cores', (cores, plan) => {
    expect(lanesFor({ device: 'cpu', cores })).toEqual(plan);
  });

  it('gives a GPU four lanes, whatever the cores', () => {
    expect(lanesFor({ device: 'cuda', cores: 1 })).toEqual({ lanes: 4, threadsPerLane: 1 });
  });

  it('takes what the settings say, within the bounds of the addon', () => {
    expect(lanesFor({ device: 'cpu', cores: 8, lanes: 2 })).toEqual({ lanes: 2, threadsPerLane: 3 });
    expect(lanesFor({ device: 'cpu', cores: 8, lanes: 99, threadsPerLane: 99 })).toEqual({
      lanes: 8,
      threadsPerLane: 8,
    });
  });
});
