import { readdirSync, readFileSync } from 'node:fs';
import type { NotificationName, RequestName } from '@parley/client-sdk/protocol';

export interface Refused {
  why: string;
  message: unknown;
}

/** The messages of one version of the protocol, as they stood when it was published. What was published is never edited, only added to. */
export interface Goldens {
  handshake: { accepted: unknown[]; refused: Refused[] };
  requests: Record<RequestName, { accepted: object[]; refused: Refused[] }>;
  answers: Record<RequestName, object[]>;
  notifications: Record<NotificationName, object[]>;
  errors: object[];
}

const FOLDER = new URL('golden/', import.meta.url);

/** Versions that there are messages of, oldest first. */
export function goldenVersions(): number[] {
  return readdirSync(FOLDER)
    .map((name) => Number(/^v(\d+)$/.exec(name)?.[1]))
    .sort((a, b) => a - b);
}

export function readGoldens(version: number): Goldens {
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`v${version}/${name}.json`, FOLDER), 'utf8'));
  const names = ['handshake', 'requests', 'answers', 'notifications', 'errors'];
  return Object.fromEntries(names.map((name) => [name, read(name)])) as unknown as Goldens;
}
