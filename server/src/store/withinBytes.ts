import type { CommittedSegment } from '@parley/client-sdk/protocol';

/** Committed segments never change and are requested often, so each is measured once. */
const segmentBytes = new WeakMap<CommittedSegment, number>();

/** The first of `segments` that have at most `bytes` as JSON in total; always at least one, so that reading makes progress. */
export function withinBytes(segments: readonly CommittedSegment[], bytes: number): CommittedSegment[] {
  let sum = 0;
  const end = segments.findIndex((segment, index) => {
    sum += bytesOf(segment);
    return index > 0 && sum > bytes;
  });
  return end === -1 ? [...segments] : segments.slice(0, end);
}

function bytesOf(segment: CommittedSegment): number {
  const known = segmentBytes.get(segment);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(segment));
  segmentBytes.set(segment, bytes);
  return bytes;
}
