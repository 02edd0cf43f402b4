import { describe, expect, it } from 'vitest';
import { planJobs } from './planJobs.js';

describe('planJobs', () => {
  it.each([
    [1, { jobs: 2, threadsPerJob: 1, cores: 1 }],
    [2, { jobs: 3, threadsPerJob: 2, cores: 2 }],
    [4, { jobs: 4, threadsPerJob: 3, cores: 3 }],
    [8, { jobs: 4, threadsPerJob: 6, cores: 6 }],
    [16, { jobs: 4, threadsPerJob: 8, cores: 12 }],
    [64, { jobs: 8, threadsPerJob: 8, cores: 48 }],
  ])('gives a job of a CPU with %i cores as many as are free, and keeps one for finals', (cores, plan) => {
    expect(planJobs({ device: 'cpu', cores })).toEqual(plan);
  });

  it('gives a GPU four jobs at a time, whatever the cores', () => {
    expect(planJobs({ device: 'cuda', cores: 1 })).toEqual({ jobs: 4, threadsPerJob: 1, cores: 4 });
  });

  it('takes what the settings say, within the bounds of the addon', () => {
    expect(planJobs({ device: 'cpu', cores: 8, lanes: 2, threadsPerLane: 3 })).toEqual({
      jobs: 2,
      threadsPerJob: 3,
      cores: 6,
    });
    expect(planJobs({ device: 'cpu', cores: 8, lanes: 99, threadsPerLane: 99 })).toEqual({
      jobs: 8,
      threadsPerJob: 8,
      cores: 8,
    });
  });
});
