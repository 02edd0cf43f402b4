import { guestCredentials, ParleyClient, type Publication } from '@parley/client-sdk';
import type { Joined, JoinOptions, PlayerAction, PlayerApi, TranscriptEvent } from './api.js';
import { countReceivedAudio } from './countReceivedAudio.js';
import { TrackPlayer } from './TrackPlayer.js';

declare global {
  interface Window {
    parleyPlayer: PlayerApi;
    /** Receives the transcript, if wanted. Both exist before the page's first script. */
    parleyPlayerTranscript?: (event: TranscriptEvent) => Promise<void>;
    /** Receives sentences about errors outside a call. */
    parleyPlayerFailure: (message: string) => Promise<void>;
  }
}

const TIMER_SLACK_MS = 12;

const received = countReceivedAudio();
let client: ParleyClient | undefined;
let player: TrackPlayer | undefined;
let publication: Publication | undefined;

async function join({
  displayName,
  room,
  joinSecret,
  token,
}: JoinOptions): Promise<{ joined: Joined; client: ParleyClient }> {
  if (client !== undefined) throw new Error('this page is in a room already');
  client = new ParleyClient({
    url: location.origin,
    credentials:
      token === undefined
        ? guestCredentials({ displayName, ...(joinSecret === undefined ? {} : { joinSecret }) })
        : { kind: 'token', token },
  });
  client.on('segmentUpdated', ({ segment }) => report({ kind: 'updated', segment, arrivedAtMs: Date.now() }));
  client.on('segmentRetracted', ({ segmentId }) => report({ kind: 'retracted', segmentId, arrivedAtMs: Date.now() }));
  client.on('error', ({ error }) => void window.parleyPlayerFailure(error.message));
  client.on('disconnected', ({ error, willReconnect }) => {
    if (!willReconnect) void window.parleyPlayerFailure(error.message);
  });
  await client.connect();
  const { participantId, meetingStartedAtMs } = await client.join({ room });
  return { joined: { participantId, meetingStartedAtMs }, client };
}

function report(event: TranscriptEvent): void {
  void window.parleyPlayerTranscript?.(event);
}

function loaded(): TrackPlayer {
  if (player === undefined) throw new Error('this page has no track: joinAsSpeaker comes first');
  return player;
}

const ACTIONS: Record<PlayerAction, () => Promise<void> | undefined> = {
  mute: () => publication?.mute(),
  unmute: () => publication?.unmute(),
  leave: () => client?.leave(),
  endMeeting: () => client?.endMeeting(),
};

/** Timers are late by some milliseconds: the rest is busy waiting. */
async function waitUntil(epochMs: number): Promise<void> {
  const now = () => performance.timeOrigin + performance.now();
  await new Promise((resolve) => setTimeout(resolve, epochMs - now() - TIMER_SLACK_MS));
  while (now() < epochMs) await Promise.resolve();
}

window.parleyPlayer = {
  async joinAsSpeaker({ audioUrl, ...options }) {
    player = await TrackPlayer.create(audioUrl);
    const { joined, client } = await join(options);
    publication = await client.publish(player.track);
    return joined;
  },
  async joinAsListener(options) {
    const { joined } = await join(options);
    return joined;
  },
  soundOf: async ({ spans }) => loaded().soundOf(spans),
  startAt: ({ epochMs }) => loaded().startAt(epochMs),
  ended: () => loaded().ended(),
  received,
  async actAt({ action, epochMs }) {
    await waitUntil(epochMs);
    await ACTIONS[action]();
  },
  async leave() {
    await client?.leave();
    client?.close();
    client = undefined;
    await player?.close();
    player = undefined;
  },
};
