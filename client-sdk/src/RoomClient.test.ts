import { afterEach, beforeEach, expect, test } from 'vitest';
import { announcement, ROUTER_RTP_CAPABILITIES } from '../test-support/media.js';
import { answers, participant } from '../test-support/room.js';
import { ScriptedServer } from '../test-support/ScriptedServer.js';
import { committed } from '../test-support/segments.js';
import { RoomClient } from './RoomClient.js';

class Bot extends RoomClient {
  speak(): Promise<unknown> {
    return this.withMedia(async () => 'spoken');
  }
}

let server: ScriptedServer;
let bot: Bot;
beforeEach(async () => {
  server = await ScriptedServer.create();
  server.answers = answers();
  const credentials = { kind: 'token', token: 'a token' } as const;
  bot = new Bot({ url: server.url, credentials, retryDelayMs: { min: 20, max: 40 } });
});
afterEach(async () => {
  bot.close();
  await server.close();
});

test('a client without media reads along, comes back, and takes no notice of what is sent and heard', async () => {
  const errors: string[] = [];
  bot.on('error', ({ error }) => errors.push(error.code));
  await bot.connect();
  await bot.join({ room: 'daily' });
  server.notify('consumerCreated', announcement());
  server.notify('mediaRestarted', { routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
  server.notify('mutedByModerator', { producerIds: ['none'] });
  server.notify('participantJoined', { participant: participant('ben') });
  server.notify('segmentCommitted', { segment: committed(1) });
  await expect.poll(() => bot.transcript.getSnapshot().map(({ id }) => id)).toEqual(['s1']);
  expect([...bot.participants.keys()]).toEqual(['me', 'ben']);
  server.drop();
  await expect.poll(() => server.count('join'), { timeout: 5_000 }).toBe(2);
  await expect.poll(() => bot.state).toBe('joined');
  expect([errors, server.count('createTransport')]).toEqual([[], 0]);
});

test('a client without media cannot speak, whatever state it is in', async () => {
  await expect(bot.speak()).rejects.toMatchObject({ code: 'NOT_JOINED' });
  await bot.connect();
  await bot.join({ room: 'daily' });
  await expect(bot.speak()).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED', reason: 'media' });
  bot.close();
  await expect(bot.speak()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
});
