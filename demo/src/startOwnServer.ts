import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartServerOptions } from '@parley/server';
import { DemoError } from './DemoError.js';

export interface OwnServer {
  url: string;
  close(): Promise<void>;
}

/**
 * A server with the built-in model on free ports, whose files are gone with it.
 *
 * @throws {DemoError} when it does not start
 */
export async function startOwnServer(
  options: Pick<StartServerOptions, 'createTranscriptLog'> = {},
): Promise<OwnServer> {
  // Loaded here: the arguments of a command are checked without it.
  const { startServer } = await import('@parley/server');
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-demo-'));
  const discard = () => rm(dataDir, { recursive: true, force: true });
  try {
    const server = await startServer({
      ...options,
      settings: { port: 0, media: { port: 0 }, model: 'parley-nano', dataDir, log: { level: 'warn' } },
    });
    return {
      url: server.url,
      close: async () => {
        await server.close();
        await discard();
      },
    };
  } catch (error) {
    await discard();
    const reason = error instanceof Error ? error.message : String(error);
    throw new DemoError(`The server of the demo did not start: ${reason}`, { cause: error });
  }
}
