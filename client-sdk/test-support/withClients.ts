import { afterEach, beforeEach, vi } from 'vitest';
import type { ParleyClientEvents } from '../src/clientEvents.js';
import type { ParleyClientOptions } from '../src/clientOptions.js';
import { ParleyClient } from '../src/ParleyClient.js';
import type { Credentials } from '../src/protocol/index.js';
import { fakeDevice } from './media.js';
import { answers } from './room.js';
import { ScriptedServer } from './ScriptedServer.js';

export const credentials: Credentials = { kind: 'guest', subject: 'a-random-subject', displayName: 'Ada' };

/**
 * A scripted server for each test of a file, and clients of it, which end with the test.
 * @param onServer is given the server before each test
 */
export function withClients(onServer: (server: ScriptedServer) => void) {
  let server: ScriptedServer;
  const clients: ParleyClient[] = [];
  beforeEach(async () => {
    server = await ScriptedServer.create();
    server.answers = answers();
    onServer(server);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  function newClient(options: Partial<ParleyClientOptions> = {}): ParleyClient {
    const client = new ParleyClient({
      url: server.url,
      credentials,
      device: fakeDevice().device,
      retryDelayMs: { min: 20, max: 40 },
      ...options,
    });
    clients.push(client);
    return client;
  }

  async function connectedClient(): Promise<ParleyClient> {
    const client = newClient();
    await client.connect();
    return client;
  }

  async function joinedClient(options: Partial<Parameters<ParleyClient['join']>[0]> = {}): Promise<ParleyClient> {
    const client = await connectedClient();
    await client.join({ room: 'daily', ...options });
    return client;
  }

  return { newClient, connectedClient, joinedClient };
}

/** Everything that the client reports, in short. */
export function eventsOf(client: ParleyClient): string[] {
  const events: string[] = [];
  client.on('stateChanged', ({ state, reason }) => events.push(reason === undefined ? state : `${state}: ${reason}`));
  client.on('participantJoined', ({ participant }) => events.push(`+${participant.participantId}`));
  client.on('participantLeft', ({ participantId }) => events.push(`-${participantId}`));
  client.on('participantUpdated', ({ participant }) => events.push(`~${participant.participantId}`));
  client.on('segmentUpdated', ({ segment }) => events.push(`${segment.status} ${segment.id}`));
  client.on('segmentRetracted', ({ segmentId }) => events.push(`retracted ${segmentId}`));
  client.on('disconnected', ({ error, willReconnect }) =>
    events.push(`${error.code} ${willReconnect ? 'comes back' : 'is over'}`),
  );
  client.on('reconnected', ({ resumed }) => events.push(resumed ? 'reconnected' : 'reconnected elsewhere'));
  client.on('meetingChanged', ({ meetingId, previousMeetingId, reason }) =>
    events.push(`${previousMeetingId} -> ${meetingId}: ${reason}`),
  );
  client.on('error', ({ error }) => events.push(`error ${error.code}`));
  return events;
}

export const next = (client: ParleyClient, name: keyof ParleyClientEvents) =>
  new Promise<void>((resolve) => client.once(name, () => resolve()));

/** An answer that a test gives when it likes. */
export function held<T>(value: () => T) {
  let give: () => void = () => {};
  const answer = () =>
    new Promise<T>((resolve) => {
      give = () => resolve(value());
    });
  return { answer, give: () => give() };
}
