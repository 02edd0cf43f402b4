/** The part of the browser's statistics (W3C webrtc-stats) from which the quality of a connection is derived. */

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
  /** In seconds, like the next two. */
  jitter?: number;
  roundTripTime?: number;
  currentRoundTripTime?: number;
  selectedCandidatePairId?: string;
  nominated?: boolean;
  state?: string;
}

/** Counts since the start of a stream. */
export interface StreamCounts {
  /** Packets sent or received. */
  packets: number;
  lost: number;
  jitterMs: number;
}

export interface SentCounts extends StreamCounts {
  rttMs?: number;
}

export interface MediaCounts {
  /** The server's report on this client's audio; absent while nothing is published. */
  sent?: SentCounts;
  received: readonly (StreamCounts & { participantId: string })[];
  /** Whether no transport has failed or is disconnected. */
  connected: boolean;
}

/** This client's audio; undefined if none is sent. Loss and jitter are reported by the server (RTCP receiver reports). */
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
        // Firefox does not report the selected pair.
        if (selected === undefined ? stats.nominated === true && stats.state === 'succeeded' : stats.id === selected) {
          if (stats.currentRoundTripTime !== undefined) pairRttMs = toMs(stats.currentRoundTripTime);
        }
        return;
    }
  });
  if (!sends) return undefined;
  // There are no receiver reports for a muted microphone.
  if (sent.rttMs === undefined && pairRttMs !== undefined) sent.rttMs = pairRttMs;
  return sent;
}

/** The others' audio as received here. */
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
