import { useEffect, useState, useSyncExternalStore } from 'react';
import { defaults } from '../defaults.js';
import type { Segment } from '../protocol/index.js';
import type { RoomClient } from '../RoomClient.js';
import { type Caption, CaptionQueue, type CaptionQueueOptions } from '../transcript/CaptionQueue.js';

const NOTHING: readonly never[] = [];
const NEVER = () => () => {};
const NO_SEGMENTS = (): readonly Segment[] => NOTHING;
const NO_CAPTIONS = (): readonly Caption[] => NOTHING;

/**
 * All segments in order, including interims. Segments that did not change are the same objects.
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

/** As in `CaptionQueueOptions`. Default: `defaults.captions`. */
export type CaptionOptions = Pick<CaptionQueueOptions, 'lines' | 'minDisplayMs' | 'lingerMs'>;

/**
 * The few newest lines, each shown long enough to be read. Changing the options empties the display.
 *
 * @example
 * const captions = useCaptions(client, { lines: 2 });
 * return captions.map(({ segment }) => <p key={segment.id}><b>{segment.displayName}</b> {segment.text}</p>);
 */
export function useCaptions(client: RoomClient | undefined, options: CaptionOptions = {}): readonly Caption[] {
  const transcript = client?.transcript;
  const { lines, minDisplayMs, lingerMs } = { ...defaults.captions, ...options };
  const [queue, setQueue] = useState<CaptionQueue>();
  useEffect(() => {
    if (transcript === undefined) return;
    const made = new CaptionQueue({ transcript, lines, minDisplayMs, lingerMs });
    setQueue(made);
    return () => {
      setQueue(undefined);
      made.close();
    };
  }, [transcript, lines, minDisplayMs, lingerMs]);
  const getSnapshot = queue?.getSnapshot ?? NO_CAPTIONS;
  return useSyncExternalStore(queue?.subscribe ?? NEVER, getSnapshot, getSnapshot);
}
