import type { Readable } from 'node:stream';

export interface Wheel {
  has(member: string): boolean;
  /** Bounded by the member's declared size. */
  read(member: string): Promise<Readable>;
  close(): Promise<void>;
}

export async function openWheel(path: string): Promise<Wheel> {
  throw new Error(`${path} cannot be read yet`);
}
