import { availableParallelism, cpus } from 'node:os';

/** The machine of a measurement. */
export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  platform: string;
}

export function machineOf(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}
