import { readdirSync } from 'node:fs';
import type { Server } from '../start/Server.js';

/** What a server holds at the moment. After everybody has left and the meetings are over, all of it is back where it began. */
export async function resourcesOf(server: Server): Promise<Record<string, number>> {
  const { rooms, signaling, media } = server.parts;
  const sum = await rooms.counts();
  const worker = await media.mediaWorkerResources();
  const { sfu, media: mediaPids, asr } = media.pids;
  return {
    rooms: rooms.size,
    sockets: signaling.connectionCount,
    ...sum,
    pipelines: worker.pipelines,
    mediaWorkerRooms: worker.rooms,
    mediaWorkerTimers: worker.timers,
    mediaWorkerDescriptors: worker.descriptors,
    childProcesses: sfu.length + mediaPids.length + (asr === undefined ? 0 : 1),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    descriptors: readdirSync('/proc/self/fd').length,
  };
}
