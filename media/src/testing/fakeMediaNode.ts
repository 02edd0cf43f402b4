import type { MediaNode, RoomPipeline } from '../node/MediaNode.js';
import type { SfuRoom } from '../node/sfu/SfuRoom.js';
import { BUILT_IN_MODEL } from '../settings/modelCatalogue.js';

/** A media node without audio: it accepts everything and carries nothing. @param changes overrides */
export function fakeMediaNode(changes: Partial<MediaNode> = {}): MediaNode {
  return {
    recognizerStatus: {
      state: 'ready',
      model: BUILT_IN_MODEL.profile,
      engine: { name: 'fake', encoder: 'whispercpp', device: 'cpu', deviceName: 'none' },
    },
    onRecognizerStatus: () => () => {},
    recognizerLoad: { level: 0, reason: 'recovered', interimIntervalMs: 0 },
    onRecognizerLoad: () => () => {},
    recognizerStats: undefined,
    ready: true,
    pids: { sfu: [], media: [], asr: undefined },
    createSfuRoom: async () => fakeSfuRoom(),
    createPipeline: () => fakePipeline(),
    mediaWorkerResources: async () => ({ rooms: 0, pipelines: 0, timers: 0, descriptors: 0 }),
    close: async () => {},
    ...changes,
  };
}

/** A room of an SFU that forwards nothing. @param changes overrides */
export function fakeSfuRoom(changes: Partial<SfuRoom> = {}): SfuRoom {
  return {
    rtpCapabilities: { codecs: [], headerExtensions: [] },
    counts: { transports: 0, producers: 0, consumers: 0 },
    transportsOf: () => [],
    producersOf: () => [],
    createTransport: async () => ({
      transportId: 'transport',
      iceParameters: { usernameFragment: 'u', password: 'p' },
      iceCandidates: [],
      dtlsParameters: { fingerprints: [] },
    }),
    connectTransport: async () => {},
    restartIce: async () => ({ usernameFragment: 'u', password: 'p' }),
    produce: async () => ({ producerId: 'producer' }),
    setProducerPaused: async () => {},
    closeProducer: () => {},
    consume: async () => undefined,
    resumeConsumer: async () => {},
    closeOwner: () => {},
    close: () => {},
    ...changes,
  };
}

/** A pipeline without speech. @param changes overrides */
export function fakePipeline(changes: Partial<RoomPipeline> = {}): RoomPipeline {
  return {
    open: async () => {},
    attach: async () => {},
    addTrack: async () => {},
    setMuted: async () => {},
    setNotTranscribed: async () => {},
    removeTrack: async () => {},
    settingsChanged: () => {},
    setTrackSettings: () => {},
    setDiagnostics: () => {},
    ledgers: async () => [],
    close: async () => {},
    ...changes,
  };
}
