/** Of the browser's statistics (W3C webrtc-stats) what the quality of a connection is judged by. */

/** The part of `RTCStatsReport` that is used. */
export interface StatsReport {
  forEach(callback: (stats: Stats) => void): void;
}

interface Stats {
  type: string;
  id: string;
  kind?: string;
  ssrc?: number;
  packetsSent?: number;
  packetsReceived?: number;
  packetsLost?: number;
  /** In seconds, as are the two after it. */
  jitter?: number;
  roundTripTime?: number;
  currentRoundTripTime?: number;
  selectedCandidatePairId?: string;
  nominated?: boolean;
  state?: string;
}

/** What has been counted since a stream began. */
export interface StreamCounts {
  /** Sent, or arrived. */
  packets: number;
  lost: number;
  jitterMs: number;
}

export interface SentCounts extends StreamCounts {
  rttMs?: number;
}

export interface MediaCounts {
  /** What the server says of one's own audio; absent while nothing is published. */
  sent?: SentCounts;
  received: readonly (StreamCounts & { participantId: string })[];
  /** Whether no transport has lost its way. */
  connected: boolean;
}

/** One's own audio; undefined where none is sent. Loss and jitter are the server's words (RTCP receiver reports). */
export function readSent(report: StatsReport): SentCounts | undefined {
  let sends = false;
  const sent: SentCounts = { packets: 0, lost: 0, jitterMs: 0 };
  let pairRttMs: number | undefined;
  let selected: string | undefined;
  report.forEach(({ type, selectedCandidatePairId }) => {
    if (type === 'transport') selected = selectedCandidatePairId ?? selected;
  });
  report.forEach((stats) => {
    switch (stats.type) {
      case 'outbound-rtp':
        sends = true;
        sent.packets += stats.packetsSent ?? 0;
        return;
      case 'remote-inbound-rtp':
        sent.lost += Math.max(0, stats.packetsLost ?? 0);
        sent.jitterMs = Math.max(sent.jitterMs, toMs(stats.jitter));
        if (stats.roundTripTime !== undefined) sent.rttMs = Math.max(sent.rttMs ?? 0, toMs(stats.roundTripTime));
        return;
      case 'candidate-pair':
        // Firefox names no selected pair.
        if (selected === undefined ? stats.nominated === true && stats.state === 'succeeded' : stats.id === selected) {
          if (stats.currentRoundTripTime !== undefined) pairRttMs = toMs(stats.currentRoundTripTime);
        }
        return;
    }
  });
  if (!sends) return undefined;
  // Of a microphone that is muted nobody reports.
  if (sent.rttMs === undefined && pairRttMs !== undefined) sent.rttMs = pairRttMs;
  return sent;
}

/** The others' audio, as it arrives here. */
export function readReceived(
  report: StatsReport,
  streams: readonly { participantId: string; ssrc: number | undefined }[],
): (StreamCounts & { participantId: string })[] {
  const owners = new Map(streams.map(({ ssrc, participantId }) => [ssrc, participantId]));
  const received: (StreamCounts & { participantId: string })[] = [];
  report.forEach(({ type, ssrc, packetsReceived = 0, packetsLost = 0, jitter }) => {
    const participantId = type === 'inbound-rtp' && ssrc !== undefined ? owners.get(ssrc) : undefined;
    if (participantId === undefined) return;
    received.push({ participantId, packets: packetsReceived, lost: Math.max(0, packetsLost), jitterMs: toMs(jitter) });
  });
  return received;
}

function toMs(seconds: number | undefined): number {
  return (seconds ?? 0) * 1_000;
}
