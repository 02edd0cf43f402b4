import { expect, test } from 'vitest';
import { readReceived, readSent } from './mediaCounts.js';

const report = (...stats: Record<string, unknown>[]) =>
  new Map(stats.map((each, index) => [String(index), { id: String(index), ...each }])) as never;

test("what the server says of one's own audio is read in packets and milliseconds", () => {
  expect(
    readSent(
      report(
        { type: 'outbound-rtp', kind: 'audio', packetsSent: 500 },
        { type: 'remote-inbound-rtp', packetsLost: 5, jitter: 0.012, roundTripTime: 0.08 },
        { type: 'media-source', kind: 'audio' },
      ),
    ),
  ).toEqual({ packets: 500, lost: 5, jitterMs: 12, rttMs: 80 });
});

test('the round trip of the path is taken where nobody reports, and of the path in use only', () => {
  const pairs = [
    { type: 'candidate-pair', id: 'old', nominated: true, state: 'succeeded', currentRoundTripTime: 0.9 },
    { type: 'candidate-pair', id: 'new', nominated: true, state: 'succeeded', currentRoundTripTime: 0.02 },
  ];
  const outbound = { type: 'outbound-rtp', packetsSent: 0 };
  expect(readSent(report(outbound, ...pairs, { type: 'transport', selectedCandidatePairId: 'new' }))?.rttMs).toBe(20);
  expect(readSent(report(outbound, pairs[1] ?? {}))?.rttMs).toBe(20);
  expect(readSent(report(outbound))).toEqual({ packets: 0, lost: 0, jitterMs: 0 });
});

test('where nothing is sent there is nothing to say', () => {
  expect(readSent(report({ type: 'candidate-pair', currentRoundTripTime: 1 }))).toBeUndefined();
});

test('what arrives is told apart by its SSRC, and duplicates are no negative loss', () => {
  const streams = [
    { participantId: 'ben', ssrc: 1 },
    { participantId: 'cy', ssrc: 2 },
    { participantId: 'nobody', ssrc: undefined },
  ];
  expect(
    readReceived(
      report(
        { type: 'inbound-rtp', ssrc: 1, packetsReceived: 100, packetsLost: 3, jitter: 0.005 },
        { type: 'inbound-rtp', ssrc: 2, packetsReceived: 50, packetsLost: -2 },
        { type: 'inbound-rtp', ssrc: 9, packetsReceived: 7 },
        { type: 'inbound-rtp' },
        { type: 'outbound-rtp', ssrc: 1 },
      ),
      streams,
    ),
  ).toEqual([
    { participantId: 'ben', packets: 100, lost: 3, jitterMs: 5 },
    { participantId: 'cy', packets: 50, lost: 0, jitterMs: 0 },
  ]);
});
