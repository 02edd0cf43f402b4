import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartServerOptions } from '@parley/server';
import { DemoError } from './DemoError.js';
import type { RunningModel } from './meeting/chooseMeeting.js';
import type { Output } from './terminal/Output.js';

/** The built-in one, which is always there. */
const DEFAULT_MODEL = 'parley-nano';

export interface OwnServer {
  url: string;
  model: RunningModel;
  /** A sentence if the model is not the requested one. */
  notice?: string;
  close(): Promise<void>;
}

export interface OwnServerOptions extends Pick<StartServerOptions, 'transcripts' | 'signal'> {
  /** Value of the server's setting of that name; default: the built-in one. Found and kept in the user's cache, as always. */
  model?: string;
  /** Where the progress of a download is shown; default: nowhere. */
  progress?: Output;
}

/**
 * A server on free ports. Its files are deleted with it, except models in the cache.
 *
 * @throws {DemoError} if it does not start
 */
export async function startOwnServer(options: OwnServerOptions = {}): Promise<OwnServer> {
  const { model = DEFAULT_MODEL, progress, ...rest } = options;
  // Imported here: the arguments of a command are checked without it.
  const { createProgressLine, startServer } = await import('@parley/server');
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-demo-'));
  // If the start is aborted during a download, the process ends.
  const discardAtExit = () => rmSync(dataDir, { recursive: true, force: true });
  process.once('exit', discardAtExit);
  const discard = async () => {
    process.off('exit', discardAtExit);
    await rm(dataDir, { recursive: true, force: true });
  };
  const line = progress === undefined ? undefined : createProgressLine(progress);
  try {
    const server = await startServer({
      ...rest,
      ...(line === undefined ? {} : { onModelProgress: (step) => line.update(step) }),
      settings: { port: 0, media: { port: 0 }, model, dataDir, log: { level: 'warn' } },
    });
    const { transcription } = server;
    return {
      url: server.url,
      model: transcription.model,
      ...(transcription.reason === undefined ? {} : { notice: transcription.reason }),
      close: async () => {
        await server.close();
        await discard();
      },
    };
  } catch (error) {
    await discard();
    const reason = error instanceof Error ? error.message : String(error);
    throw new DemoError(`The demo's server did not start: ${reason}`, { cause: error });
  } finally {
    line?.end();
  }
}
