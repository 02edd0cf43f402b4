import type { ReceivedAudio } from './api.js';

/**
 * Watches every connection that the page opens from now on. The function that it returns asks the open ones for the audio that
 * they received.
 */
export function countReceivedAudio(): () => Promise<ReceivedAudio> {
  const connections: RTCPeerConnection[] = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  return async () => {
    const sum: ReceivedAudio = { tracks: 0, packets: 0 };
    for (const connection of connections) {
      if (connection.connectionState === 'closed') continue;
      const report = await connection.getStats();
      report.forEach((stats: RTCInboundRtpStreamStats) => {
        if (stats.type !== 'inbound-rtp' || stats.kind !== 'audio' || !stats.packetsReceived) return;
        sum.tracks += 1;
        sum.packets += stats.packetsReceived;
      });
    }
    return sum;
  };
}
