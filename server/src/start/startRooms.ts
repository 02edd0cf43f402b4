import type { TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import type { ModelProfile } from '@parley/media/settings';
import type { AuditLog } from '../observability/AuditLog.js';
import { Metrics } from '../observability/Metrics.js';
import { overloadOf } from '../rooms/overload.js';
import { RoomRegistry } from '../rooms/RoomRegistry.js';
import { MemoryTranscriptStore } from '../store/memory/MemoryTranscriptStore.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import type { StartContext } from './StartContext.js';

/** Rooms and their metrics. */
export function startRooms(
  options: StartContext & {
    audit: AuditLog;
    media: MediaNode;
    /** The model for finals. */
    model: ModelProfile;
    transcription: () => TranscriptionStatus;
    transcripts: TranscriptStore | undefined;
    /** Currently open rooms. */
    sockets: () => number;
  },
): { rooms: RoomRegistry; metrics: Metrics } {
  const { settings, audit, media, model, transcription, logger, sockets } = options;
  const metrics = new Metrics({
    counts: async () => ({ rooms: rooms.size, ...(await rooms.counts()), sockets: sockets() }),
    recognizer: () => media.recognizerStats,
    load: () => media.recognizerLoad.level,
    engine: () => {
      const { encoder, device } = media.recognizerStatus.engine;
      return { model: model.name, encoder, device };
    },
  });
  const rooms: RoomRegistry = new RoomRegistry({
    media,
    model,
    settings,
    logger,
    transcription,
    observer: metrics,
    audit,
    overload: () => overloadOf({ load: media.recognizerLoad.level }),
    transcripts:
      options.transcripts ?? new MemoryTranscriptStore({ segmentsPerMeeting: settings.limits.transcriptSegments }),
  });
  return { rooms, metrics };
}
