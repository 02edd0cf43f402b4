import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '@parley/client-sdk/protocol';
import { type Server, type SettingsInput, startServer } from '@parley/server';
import { pino } from 'pino';
import { expect } from 'vitest';
import { SocketClient } from './SocketClient.js';

/** The whole server on free ports, with its own data folder, and the clients of a test file. All of it is gone after `close`. */
export class TestServer {
  readonly server: Server;
  readonly folder: string;
  readonly #clients: SocketClient[] = [];

  private constructor(parts: { server: Server; folder: string }) {
    this.server = parts.server;
    this.folder = parts.folder;
  }

  /** @param settings that differ from a silent server with the built-in model */
  static async start(settings: SettingsInput = {}): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-test-'));
    try {
      const server = await startServer({
        settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir: folder, ...settings },
        logger: pino({ level: 'silent' }),
      });
      return new TestServer({ server, folder });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return this.server.url;
  }

  /** Not connected yet. */
  client(credentials: Credentials): SocketClient {
    const client = new SocketClient({ url: this.url, credentials });
    this.#clients.push(client);
    return client;
  }

  /** A client that has joined. */
  async joined(room: string, credentials: Credentials): Promise<SocketClient> {
    const client = this.client(credentials);
    expect(await client.connect()).toBe('connected');
    await client.join(room);
    return client;
  }

  disconnectAll(): void {
    for (const client of this.#clients.splice(0)) client.disconnect();
  }

  async close(): Promise<void> {
    this.disconnectAll();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
