/** Entry of a media worker process: rooms' RTP in, events out. */
import { readdirSync } from 'node:fs';
import type { InterimPace } from '../asr/contract/load.js';
import { type ChildLink, PermanentInitError, runChild } from '../process/index.js';
import type { MediaWorkerContract, WakeWordModels } from './contract/messages.js';
import { RoomReceiver } from './RoomReceiver.js';
import { RecognitionClient } from './recognition/RecognitionClient.js';
import { transcribeRecording } from './recordings/transcribeRecording.js';
import { VoiceActivityModel } from './speech/index.js';
import { OpenWakeWordDetector, type WakeWordDetector } from './speech/wake/index.js';

const TICK_MS = 20;

const rooms = new Map<string, RoomReceiver>();
let recognizer: RecognitionClient;
let voiceActivity: VoiceActivityModel;
let wakeWords: WakeWordDetector | undefined;
let link: ChildLink<MediaWorkerContract>;
let ticker: NodeJS.Timeout | undefined;
/** Ends recordings that are being transcribed. */
const closing = new AbortController();

runChild<MediaWorkerContract>({
  async init({ asrSocketPath, wakeWord }, childLink) {
    link = childLink;
    wakeWords = wakeWord === undefined ? undefined : await loadWakeWords(wakeWord);
    [recognizer, voiceActivity] = await Promise.all([
      RecognitionClient.create({ socketPath: asrSocketPath, onPaceChange: setPace }),
      VoiceActivityModel.create(),
    ]);
    return {};
  },

  onMessage(message) {
    const room = rooms.get(message.meetingId);
    switch (message.type) {
      case 'settingsChanged':
        room?.update({ settings: message.settings, longestWindowMs: message.longestWindowMs });
        break;
      case 'trackSettingsChanged':
        room?.updateTrack(message);
        break;
      case 'sentChanged':
        room?.setSent(message);
        break;
      case 'diagnosticsChanged':
        room?.setDiagnostics(message.on);
    }
  },

  requests: {
    async openRoom({ meetingId, ...options }) {
      // One that was opened before and whose opener did not get to know of it.
      void rooms.get(meetingId)?.close();
      const room = await RoomReceiver.create({
        meetingId,
        ...options,
        voiceActivity,
        recognizer,
        ...(wakeWords === undefined ? {} : { wakeWords }),
        onEvent: (event) => link.send(event),
      });
      room.setInterimPace(recognizer.pace);
      rooms.set(meetingId, room);
      ticker ??= setInterval(() => {
        for (const each of rooms.values()) each.tick();
      }, TICK_MS);
      return { port: room.port };
    },

    async reopenRoom({ meetingId }) {
      const room = roomOf(meetingId);
      await room.reopen();
      return { port: room.port };
    },

    async connectRoom({ meetingId, remotePort }) {
      await roomOf(meetingId).connect(remotePort);
      return {};
    },

    addTrack({ meetingId, track }) {
      roomOf(meetingId).addTrack(track);
      return {};
    },

    async setMuted({ meetingId, ...options }) {
      await rooms.get(meetingId)?.setMuted(options);
      return {};
    },

    async setNotTranscribed({ meetingId, ...options }) {
      await rooms.get(meetingId)?.setNotTranscribed(options);
      return {};
    },

    async removeTrack({ meetingId, trackId }) {
      await rooms.get(meetingId)?.removeTrack(trackId);
      return {};
    },

    async closeRoom({ meetingId }) {
      const room = rooms.get(meetingId);
      // Known until it is over, so that who asks meanwhile for a speaker's last words waits for them, too.
      await room?.close();
      if (rooms.get(meetingId) === room) rooms.delete(meetingId);
      if (rooms.size === 0) {
        clearInterval(ticker);
        ticker = undefined;
      }
      return {};
    },

    ledgers({ meetingId }) {
      return { ledgers: rooms.get(meetingId)?.ledgers ?? [] };
    },

    transcribeRecording({ meetingId, track, ...options }) {
      const { trackId } = track;
      return transcribeRecording({
        ...options,
        meetingId,
        track: { ...track, epoch: 1, ssrc: 1, payloadType: 0, muted: false },
        voiceActivity,
        recognizer,
        onEvent: (event) => link.send({ meetingId, trackId, ...event }),
        signal: closing.signal,
      });
    },

    resources() {
      return {
        rooms: rooms.size,
        pipelines: [...rooms.values()].reduce((sum, room) => sum + room.pipelineCount, 0),
        timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
        descriptors: readdirSync('/proc/self/fd').length,
      };
    },
  },

  async close() {
    clearInterval(ticker);
    closing.abort();
    await Promise.all([...rooms.values()].map((room) => room.close()));
    await recognizer?.close();
    await wakeWords?.close();
  },
});

/** Files that are none are a mistake in the settings, which no restart mends. */
async function loadWakeWords(models: WakeWordModels): Promise<WakeWordDetector> {
  try {
    return await OpenWakeWordDetector.create(models);
  } catch (error) {
    throw new PermanentInitError((error as Error).message, { cause: error });
  }
}

function setPace(pace: InterimPace): void {
  for (const room of rooms.values()) room.setInterimPace(pace);
}

function roomOf(meetingId: string): RoomReceiver {
  const room = rooms.get(meetingId);
  if (room === undefined) throw new Error(`there is no room ${meetingId}`);
  return room;
}
