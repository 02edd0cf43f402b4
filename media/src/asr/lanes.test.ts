import { describe, expect, it } from 'vitest';
import { lanesFor } from './lanes.js';

describe('lanesFor', () => {
  it.each([
    [1, { lanes: 2, threadsPerLane: 1, cores: 1 }],
    [2, { lanes: 3, threadsPerLane: 2, cores: 2 }],
    [4, { lanes: 4, threadsPerLane: 3, cores: 3 }],
    [8, { lanes: 4, threadsPerLane: 6, cores: 6 }],
    [16, { lanes: 4, threadsPerLane: 8, cores: 12 }],
    [64, { lanes: 8, threadsPerLane: 8, cores: 48 }],
  ])('gives a job of a CPU with %i cores as many as are free, and keeps a lane for finals', (cores, plan) => {
    expect(lanesFor({ device: 'cpu', cores })).toEqual(plan);
  });

  it('gives a GPU four lanes, whatever the cores', () => {
    expect(lanesFor({ device: 'cuda', cores: 1 })).toEqual({ lanes: 4, threadsPerLane: 1, cores: 4 });
  });

  it('takes what the settings say, within the bounds of the addon', () => {
    expect(lanesFor({ device: 'cpu', cores: 8, lanes: 2, threadsPerLane: 3 })).toEqual({
      lanes: 2,
      threadsPerLane: 3,
      cores: 6,
    });
    expect(lanesFor({ device: 'cpu', cores: 8, lanes: 99, threadsPerLane: 99 })).toEqual({
      lanes: 8,
      threadsPerLane: 8,
      cores: 8,
    });
  });
});
