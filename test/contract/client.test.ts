import { ParleyClient, type ParleyError } from '@parley/client-sdk';
import { describe } from 'vitest';
import { type ClientUnderTest, describeClient, type OpenClient } from './clientConformance.js';

/** Our SDK as the suite sees it. Audio stays out: it is the library's, and the suite has none. */
const openSdk: OpenClient = ({ url, credentials }) => {
  const client = new ParleyClient({ url, credentials, retryDelayMs: { min: 20, max: 50 } });
  let end: ParleyError | undefined;
  client.on('disconnected', ({ error, willReconnect }) => {
    if (!willReconnect) end = error;
  });
  return {
    async join(room) {
      await client.connect();
      await client.join({ room, playback: false });
    },
    leave: () => client.leave(),
    view: () => ({
      state: client.state === 'joined' || client.state === 'reconnecting' ? client.state : 'out',
      participants: [...client.participants.values()],
      transcript: [...client.transcript.getSnapshot()],
    }),
    endedBy: () => end?.code,
    close: () => client.close(),
  } satisfies ClientUnderTest;
};

describe('our SDK', () => describeClient(openSdk));
