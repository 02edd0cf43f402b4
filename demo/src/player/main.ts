import { guestCredentials, ParleyClient } from '@parley/client-sdk';
import type { Joined, JoinOptions, PlayerApi, TranscriptEvent } from './api.js';
import { countReceivedAudio } from './countReceivedAudio.js';
import { TrackPlayer } from './TrackPlayer.js';

declare global {
  interface Window {
    parleyPlayer: PlayerApi;
    /** Takes the transcript, where anybody wants it. There from before the page's first script, like the other. */
    parleyPlayerTranscript?: (event: TranscriptEvent) => Promise<void>;
    /** Takes sentences about what went wrong without a call that could say so. */
    parleyPlayerFailure: (message: string) => Promise<void>;
  }
}

const received = countReceivedAudio();
let client: ParleyClient | undefined;
let player: TrackPlayer | undefined;

async function join({ displayName, room, joinSecret }: JoinOptions): Promise<{ joined: Joined; client: ParleyClient }> {
  if (client !== undefined) throw new Error('this page is in a room already');
  client = new ParleyClient({
    url: location.origin,
    credentials: guestCredentials({ displayName, ...(joinSecret === undefined ? {} : { joinSecret }) }),
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

window.parleyPlayer = {
  async joinAsSpeaker({ audioUrl, ...options }) {
    player = await TrackPlayer.create(audioUrl);
    const { joined, client } = await join(options);
    await client.publish(player.track);
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
  async leave() {
    await client?.leave();
    client?.close();
    client = undefined;
    await player?.close();
    player = undefined;
  },
};
