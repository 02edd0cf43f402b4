import type { JoinResult, Participant } from '../src/protocol/index.js';
import { producerId, ROUTER_RTP_CAPABILITIES, transportParameters } from './media.js';
import type { ScriptedServer } from './ScriptedServer.js';

export function participant(participantId: string, overrides: Partial<Participant> = {}): Participant {
  const states = { publishing: false, muted: false, speaking: false };
  return { participantId, displayName: participantId, joinedAtMs: 0, ...states, ...overrides };
}

export function joinResult(overrides: Partial<JoinResult> = {}): JoinResult {
  return {
    serverId: 'server-1',
    room: 'daily',
    meetingId: 'm_1',
    meetingStartedAtMs: 0,
    participantId: 'me',
    participants: [participant('me')],
    routerRtpCapabilities: ROUTER_RTP_CAPABILITIES,
    iceServers: [],
    lastSeq: 0,
    grants: ['join', 'speak', 'listen', 'readTranscript'],
    locked: false,
    transcription: {
      state: 'ready',
      mode: 'balanced',
      model: { name: 'parley-nano', demo: true, source: 'builtIn' },
      engine: { name: 'x', device: 'cpu', deviceName: 'x' },
    },
    features: { recording: false },
    ...overrides,
  };
}

/** The answers of a server with a room that can be joined and published to. */
export function answers(): ScriptedServer['answers'] {
  return {
    join: () => joinResult(),
    leave: () => ({}),
    resumeTranscript: () => ({ segments: [], firstSeq: 0, lastSeq: 0 }),
    createTransport: () => transportParameters(),
    connectTransport: () => ({}),
    restartIce: () => ({ iceParameters: transportParameters().iceParameters, iceServers: [] }),
    produce: () => ({ producerId: producerId() }),
    closeProducer: () => ({}),
    pauseProducer: () => ({}),
    resumeProducer: () => ({}),
    resumeConsumer: () => ({}),
  };
}
