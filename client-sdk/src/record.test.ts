import { describe, expect, test } from 'vitest';
import { joinResult, participant } from '../test-support/room.js';
import type { ScriptedServer } from '../test-support/ScriptedServer.js';
import { withClients } from '../test-support/withClients.js';
import type { ParleyClient } from './ParleyClient.js';
import type { JoinResult, NotTranscribedReason } from './protocol/index.js';

let server: ScriptedServer;
const { connectedClient, joinedClient } = withClients((started) => {
  server = started;
  for (const name of ['setOffTheRecord', 'setRoomOffTheRecord', 'giveConsent', 'withdrawConsent'] as const) {
    server.answers[name] = () => ({});
  }
});

const me = (...notTranscribed: NotTranscribedReason[]) =>
  participant('me', notTranscribed.length === 0 ? {} : { notTranscribed });
const roomOf = (parts: Partial<JoinResult>, ...reasons: NotTranscribedReason[]) =>
  joinResult({ ...parts, participants: [me(...reasons)] });

async function comeBack(client: ParleyClient): Promise<void> {
  const back = new Promise<void>((resolve) => client.once('reconnected', () => resolve()));
  server.drop();
  await back;
}

describe('off the record', () => {
  test('H11 is asked of the server, shown as it says, and asked again with each join until it is over', async () => {
    const client = await joinedClient();
    expect(client.offTheRecord).toBe(false);
    await client.setOffTheRecord(true);
    expect(server.last('setOffTheRecord')).toEqual({ on: true });
    server.notify('participantUpdated', { participant: me('offTheRecord') });
    await expect.poll(() => client.offTheRecord).toBe(true);
    await comeBack(client);
    expect(server.last('join')).toMatchObject({ offTheRecord: true });
    await client.setOffTheRecord(false);
    await comeBack(client);
    expect(server.last('join')).not.toHaveProperty('offTheRecord');
  });

  test('H11 is not lost with a connection that ends before the answer', async () => {
    Object.assign(server.answers, { setOffTheRecord: undefined });
    const client = await joinedClient();
    const asking = client.setOffTheRecord(true);
    asking.catch(() => {});
    await expect.poll(() => server.count('setOffTheRecord')).toBe(1);
    await comeBack(client);
    await expect(asking).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(server.last('join')).toMatchObject({ offTheRecord: true });
  });

  test('H11 can be the wish with which somebody joins, and a choice that the server still knows is kept', async () => {
    await joinedClient({ offTheRecord: true });
    expect(server.last('join')).toMatchObject({ offTheRecord: true });
    server.answers.join = () => roomOf({}, 'offTheRecord');
    const client = await joinedClient();
    expect(server.last('join')).not.toHaveProperty('offTheRecord');
    await comeBack(client);
    expect(server.last('join')).toMatchObject({ offTheRecord: true });
  });

  test('H11 of the room is known after the join, and there is an event when it changes', async () => {
    server.answers.join = () => roomOf({ roomOffTheRecord: true }, 'roomOffTheRecord');
    const client = await joinedClient();
    expect([client.roomOffTheRecord, client.offTheRecord]).toEqual([true, false]);
    const told: unknown[] = [];
    client.on('roomOffTheRecordChanged', (event) => void told.push([event, client.roomOffTheRecord]));
    await client.setRoomOffTheRecord(false);
    expect(server.last('setRoomOffTheRecord')).toEqual({ on: false });
    server.notify('roomOffTheRecordChanged', { on: false, changedBy: 'ada' });
    await expect.poll(() => told).toEqual([[{ on: false, changedBy: 'ada' }, false]]);
  });
});

describe('consent', () => {
  const consent = { version: '2', text: 'May we write it down?' };

  test('H11 is asked for after the join where the room requires it, and again after each reconnect without it', async () => {
    server.answers.join = () => roomOf({ consent }, 'noConsent');
    const client = await connectedClient();
    const asked: unknown[] = [];
    client.on('consentRequired', (event) => void asked.push(event));
    await client.join({ room: 'daily' });
    expect(asked).toEqual([{ consent }]);
    expect(client.consentNeeded).toEqual(consent);
    await comeBack(client);
    expect(asked).toHaveLength(2);
    server.answers.join = () => roomOf({ consent });
    await client.giveConsent({ version: '2' });
    expect(server.last('giveConsent')).toEqual({ version: '2' });
    await comeBack(client);
    expect(server.last('join')).toMatchObject({ consentVersion: '2' });
    expect([asked.length, client.consent, client.consentNeeded]).toEqual([2, consent, undefined]);
  });

  test('H11 that is withdrawn is not given again by a reconnect', async () => {
    const client = await joinedClient({ consentVersion: '2' });
    expect(server.last('join')).toMatchObject({ consentVersion: '2' });
    await client.withdrawConsent();
    await comeBack(client);
    expect(server.last('join')).not.toHaveProperty('consentVersion');
  });

  test('H11 is asked for when a moderator begins to require it', async () => {
    server.answers.requireConsent = () => ({});
    const client = await joinedClient();
    const asked: unknown[] = [];
    client.on('consentRequired', (event) => void asked.push(event));
    await client.requireConsent();
    server.notify('roomConsentChanged', { consent });
    await expect.poll(() => client.consent).toEqual(consent);
    // Who has given it is not asked.
    expect(asked).toEqual([]);
    server.notify('participantUpdated', { participant: me('noConsent') });
    server.notify('roomConsentChanged', { consent });
    await expect.poll(() => asked).toEqual([{ consent }]);
    expect(client.consentNeeded).toEqual(consent);
  });
});
