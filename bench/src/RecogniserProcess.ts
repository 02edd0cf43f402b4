import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsrService, cacheDirectory, type ResolvedModel } from '@parley/media/node';
import type { EngineChoice } from '@parley/media/settings';
import { RecognitionClient } from '@parley/media/worker';
import { resolveModel } from './resolveModel.js';

/** The recogniser as in a deployment: in its own process, behind its scheduler. */
export class RecogniserProcess {
  readonly #directory: string;
  readonly service: AsrService;
  readonly client: RecognitionClient;
  readonly model: ResolvedModel;

  private constructor(parts: { directory: string; service: AsrService; model: ResolvedModel }) {
    this.#directory = parts.directory;
    this.service = parts.service;
    this.model = parts.model;
    this.client = RecognitionClient.create({ socketPath: parts.service.socketPath });
  }

  /**
   * @param options.model a name in the catalogue, a file or an address, found and kept in the cache like a server's; default: the built-in
   * one
   * @throws Error if it is not available or does not run
   */
  static async start(options: { model?: string; engine?: EngineChoice } = {}): Promise<RecogniserProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'));
    try {
      const model = await resolveModel(options.model ?? 'parley-nano');
      const service = await AsrService.create({
        model,
        device: 'auto',
        engine: options.engine ?? 'auto',
        encoderDirectory: join(cacheDirectory(), 'encoders'),
        socketDirectory: directory,
        logger: () => {},
      });
      const status = await service.settled();
      if (status.state !== 'ready') {
        await service.close();
        throw new Error(`The recogniser does not run: ${status.reason ?? status.state}.`);
      }
      return new RecogniserProcess({ directory, service, model });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.service.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
