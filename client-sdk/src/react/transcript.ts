import { useSyncExternalStore } from 'react';
import type { Segment } from '../protocol/index.js';
import type { RoomClient } from '../RoomClient.js';

const NOTHING: readonly never[] = [];
const NEVER = () => () => {};
const NO_SEGMENTS = (): readonly Segment[] => NOTHING;

/**
 * Everything that was said, in order, interims included. Segments that did not change stay the same objects.
 *
 * @example
 * const segments = useTranscript(client);
 * return segments.map(({ id, displayName, text }) => <p key={id}><b>{displayName}</b> {text}</p>);
 */
export function useTranscript(client: RoomClient | undefined): readonly Segment[] {
  const view = client?.transcript;
  const getSnapshot = view?.getSnapshot ?? NO_SEGMENTS;
  return useSyncExternalStore(view?.subscribe ?? NEVER, getSnapshot, getSnapshot);
}
