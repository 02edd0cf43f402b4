import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { TestServer } from '../support/TestServer.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Candidate {
  ip: string;
  port: number;
  protocol: 'udp' | 'tcp';
}

/** What a browser is offered. */
async function candidatesOf(settings: Parameters<typeof TestServer.start>[0]): Promise<Candidate[]> {
  server = await TestServer.start(settings);
  const credentials = { kind: 'guest', subject: 'the-subject-of-ada-here', displayName: 'Ada' } as const;
  const client = await server.joined('daily', credentials);
  const answer = await client.ask('createTransport', { direction: 'send' });
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.data.iceCandidates as Candidate[];
}

/** A port that is free for UDP and TCP at this moment. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

async function outcomeOfTcp(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => 'connected'),
    once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code ?? ''),
  ]).catch((error: NodeJS.ErrnoException) => error.code ?? '');
  socket.destroy();
  return outcome;
}

test('H5 a server as it comes offers loopback alone for audio', async () => {
  const candidates = await candidatesOf({});
  expect(new Set(candidates.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.1']));
  expect(candidates.map(({ protocol }) => protocol).toSorted()).toEqual(['tcp', 'udp']);
});

test('H5 a server without TCP for audio has no such port, and offers none', async () => {
  const port = await freePort();
  const candidates = await candidatesOf({ media: { port, sfuWorkers: 1, tcp: false } });
  expect(candidates).toMatchObject([{ ip: '127.0.0.1', port, protocol: 'udp' }]);
  expect(await outcomeOfTcp(port)).toBe('ECONNREFUSED');
});
