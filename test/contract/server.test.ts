import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '@parley/client-sdk/protocol';
import { type Server, startServer } from '@parley/server';
import { pino } from 'pino';
import { afterAll, beforeAll, describe } from 'vitest';
import { IdentityProvider } from '../support/IdentityProvider.js';
import { describeServer } from './serverConformance.js';

/** A server that runs somewhere; without it, ours is started. */
const { PARLEY_CONTRACT_URL: url, PARLEY_CONTRACT_SECRET: joinSecret, PARLEY_CONTRACT_TOKENS: tokens } = process.env;
const ROOM_PREFIX = `contract-${Date.now().toString(36)}`;
const roomFor = (purpose: string) => `${ROOM_PREFIX}-${purpose}`;

/** One subject for a name, as a browser keeps it. */
function guest(name: string): Credentials {
  const subject = `contract-suite-${Buffer.from(`${ROOM_PREFIX} ${name}`).toString('base64url')}`;
  return { kind: 'guest', subject, displayName: name, ...(joinSecret === undefined ? {} : { joinSecret }) };
}

if (url === undefined) describe('our server', ours);
else describe(`the server at ${url}`, () => somebodyElses(url));

function somebodyElses(url: string): void {
  /** `Ada=eyJ...,Ben=eyJ...`: for servers that know no guests. */
  const given = new Map((tokens ?? '').split(',').map((pair) => pair.split('=', 2) as [string, string]));
  const credentialsOf = async (name: string): Promise<Credentials> => {
    if (tokens === undefined) return guest(name);
    const token = given.get(name);
    if (token === undefined) throw new Error(`PARLEY_CONTRACT_TOKENS has no token of ${name}`);
    return { kind: 'token', token };
  };
  describeServer({ server: () => ({ url, roomFor, credentialsOf }), moderated: given.has('Moderator') });
}

function ours(): void {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  async function start(settings: object): Promise<Server> {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-contract-'));
    folders.push(dataDir);
    return startServer({
      settings: {
        port: 0,
        media: { port: 0 },
        model: 'parley-nano',
        meetingEndDelayMs: 20,
        limits: { messageBurst: 10_000 },
        dataDir,
        ...settings,
      },
      logger: pino({ level: 'silent' }),
    });
  }

  describe('with guests', () => {
    let server: Server;
    beforeAll(async () => {
      server = await start({});
    });
    afterAll(() => server?.close());
    describeServer({
      server: () => ({ url: server.url, roomFor, credentialsOf: async (name) => guest(name) }),
      moderated: false,
    });
  });

  describe('with an identity provider', () => {
    let provider: IdentityProvider;
    let server: Server;
    beforeAll(async () => {
      provider = await IdentityProvider.start();
      server = await start({ keycloak: { url: provider.url } });
    });
    afterAll(async () => {
      await server?.close();
      await provider?.close();
    });
    const credentialsOf = async (name: string): Promise<Credentials> => {
      const roles = [name === 'Moderator' ? 'moderator' : 'participant'];
      return { kind: 'token', token: await provider.token(name.toLowerCase(), { name, realm_access: { roles } }) };
    };
    describeServer({ server: () => ({ url: server.url, roomFor, credentialsOf }), moderated: true });
  });
}
