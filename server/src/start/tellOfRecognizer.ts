import type { TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import type { Logger } from '../observability/logger.js';
import type { RoomRegistry } from '../rooms/RoomRegistry.js';
import { degradationOf } from '../rooms/transcriptionStatus.js';

/** Reports status and load of the recogniser to the log and to all rooms. @returns a function that stops this */
export function tellOfRecognizer(options: {
  media: Pick<MediaNode, 'onRecognizerStatus' | 'onRecognizerLoad'>;
  rooms: Pick<RoomRegistry, 'all'>;
  transcription: () => TranscriptionStatus;
  logger: Logger;
}): () => void {
  const { media, rooms, transcription, logger } = options;
  const endStatus = media.onRecognizerStatus(() => {
    const { state, engine, reason } = transcription();
    const { device, encoder } = engine;
    logger[state === 'ready' ? 'info' : 'warn']({ state, device, encoder, reason }, 'recogniser');
    void rooms.all().then((all) => {
      for (const room of all) room.transcriptionChanged();
    });
  });
  const endLoad = media.onRecognizerLoad((load) => {
    const { level, reason } = load;
    const degradation = degradationOf(load);
    logger[degradation === undefined ? 'info' : 'warn']({ level, reason }, 'load of the recogniser');
    void rooms.all().then((all) => {
      for (const room of all) {
        if (degradation === undefined) room.tellAll('transcriptionRecovered', {});
        else room.tellAll('transcriptionDegraded', degradation);
      }
    });
  });
  return () => {
    endStatus();
    endLoad();
  };
}
