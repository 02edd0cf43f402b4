import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelError } from './ModelError.js';
import type { FetchPackageOptions } from './packages/fetchPackage.js';
import type { Wheel } from './packages/readWheel.js';
import { WakeWordStore, type WakeWordStoreOptions } from './WakeWordStore.js';

const { contentOf } = vi.hoisted(() => ({ contentOf: (member: string) => Buffer.alloc(200_000, `${member} `) }));

// The real catalogue's checksums belong to files of a megabyte; here each file is what `contentOf` makes of its path.
vi.mock('../../settings/wakeWordCatalogue.js', async (original) => {
  const catalogue = await original<typeof import('../../settings/wakeWordCatalogue.js')>();
  const small = <File extends { member: string }>(file: File) => {
    const content = contentOf(file.member);
    return { ...file, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  };
  const words = catalogue.PUBLISHED_WAKE_WORDS.map((word) => ({ ...word, classifier: small(word.classifier) }));
  const { mel, embedding } = catalogue.WAKE_WORD_SHARED_FILES;
  return {
    ...catalogue,
    PUBLISHED_WAKE_WORDS: words,
    WAKE_WORD_SHARED_FILES: { mel: small(mel), embedding: small(embedding) },
    findPublishedWakeWord: (name: string) => words.find((word) => word.name === name),
  };
});

const SHARED = ['embedding_model.onnx', 'melspectrogram.onnx'];
const JARVIS = 'openwakeword/resources/models/hey_jarvis_v0.1.onnx';

let directory = '';
let root = '';
let fetched = 0;
let closed = 0;
/** Wrong content of the package; undefined: it has no such member. */
let wrong: Map<string, (() => Readable) | undefined>;

async function fetchPackage({ package: wanted, directory: folder, onProgress }: FetchPackageOptions): Promise<string> {
  fetched += 1;
  const path = join(folder, wanted.wheel);
  await mkdir(folder, { recursive: true });
  await writeFile(path, 'a wheel');
  onProgress?.({ receivedBytes: wanted.bytes, totalBytes: wanted.bytes });
  return path;
}

async function openWheel(): Promise<Wheel> {
  return {
    has: (member) => !wrong.has(member) || wrong.get(member) !== undefined,
    read: async (member) => wrong.get(member)?.() ?? Readable.from([contentOf(member)]),
    close: async () => {
      closed += 1;
    },
  };
}

const store = (options: Partial<WakeWordStoreOptions> = {}) =>
  new WakeWordStore({ directory, fetchPackage, openWheel, ...options });

const files = async () => (await readdir(directory)).sort();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-wake-'));
  directory = join(root, 'models', 'wake');
  fetched = 0;
  closed = 0;
  wrong = new Map();
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('WakeWordStore', () => {
  it('fetches the package once for a word, with progress, and keeps the files that the word needs', async () => {
    const onProgress = vi.fn();
    const first = await store({ onProgress }).resolve(['hey_jarvis']);
    expect(first).toEqual({
      melModel: join(directory, 'melspectrogram.onnx'),
      embeddingModel: join(directory, 'embedding_model.onnx'),
      classifierModels: [join(directory, 'hey_jarvis_v0.1.onnx')],
    });
    expect((await readFile(join(directory, 'hey_jarvis_v0.1.onnx'))).equals(contentOf(JARVIS))).toBe(true);
    expect(await store().resolve(['hey_jarvis'])).toEqual(first);
    expect({ fetched, closed }).toEqual({ fetched: 1, closed: 1 });
    expect(onProgress).toHaveBeenCalledWith({
      name: 'wake words',
      phase: 'packages',
      fraction: 1,
      receivedBytes: 9_285_483,
      totalBytes: 9_285_483,
    });
    expect(await files()).toEqual([...SHARED, 'hey_jarvis_v0.1.onnx'].sort());
  });

  it('takes the words in the order in which they were asked for, each once', async () => {
    const { classifierModels } = await store().resolve(['hey_mycroft', 'alexa', 'hey_mycroft']);
    expect(classifierModels).toEqual(['hey_mycroft_v0.1.onnx', 'alexa_v0.1.onnx'].map((name) => join(directory, name)));
  });

  it('lists what is here, and removes a word, and with the last one what they share', async () => {
    const words = store();
    const present = async () => (await words.list()).filter((word) => word.present).map((word) => word.name);
    expect(await present()).toEqual([]);
    await words.pull('wake-words');
    expect(await present()).toEqual(['alexa', 'hey_jarvis', 'hey_marvin', 'hey_mycroft']);
    expect(fetched).toBe(1);
    expect(await words.remove('alexa')).toBe(true);
    expect(await words.remove('alexa')).toBe(false);
    expect(await present()).toEqual(['hey_jarvis', 'hey_marvin', 'hey_mycroft']);
    expect(await words.remove('wake-words')).toBe(true);
    expect(await files()).toEqual([]);
  });

  it('fetches a file again that was cut off or is gone', async () => {
    await store().pull('hey_jarvis');
    await truncate(join(directory, 'hey_jarvis_v0.1.onnx'), 100);
    await rm(join(directory, 'melspectrogram.onnx'));
    expect((await store().list()).some((word) => word.present)).toBe(false);
    await store().pull('hey_jarvis');
    expect((await readFile(join(directory, 'hey_jarvis_v0.1.onnx'))).equals(contentOf(JARVIS))).toBe(true);
    expect(await files()).toEqual([...SHARED, 'hey_jarvis_v0.1.onnx'].sort());
  });

  it('names the words there are when one is unknown', async () => {
    const expected = {
      code: 'MODEL_UNKNOWN',
      message: 'There is no published wake word "timer". There are: alexa, hey_jarvis, hey_marvin, hey_mycroft.',
    };
    await expect(store().pull('timer')).rejects.toMatchObject(expected);
    await expect(store().resolve(['alexa', 'timer'])).rejects.toMatchObject(expected);
    await expect(store().remove('timer')).rejects.toMatchObject(expected);
    expect(fetched).toBe(0);
  });

  it('fetches once when two want words at once', async () => {
    const [a, b] = await Promise.all([store().pull('hey_jarvis'), store().pull('hey_jarvis')]);
    expect(a).toEqual(b);
    expect(fetched).toBe(1);
  });
});

describe('WakeWordStore: a package that is not what it should be', () => {
  const other = (content: Buffer) => () => Readable.from([content]);

  it('passes on why it could not be had, and leaves nothing', async () => {
    const refused = new ModelError(
      'MODEL_PACKAGE_FAILED',
      'The package openwakeword 0.4.0 is another one than it says.',
    );
    const failing = store({ fetchPackage: () => Promise.reject(refused) });
    await expect(failing.pull('hey_jarvis')).rejects.toBe(refused);
    expect(await files()).toEqual([]);
  });

  it.each([
    ['has no such file', undefined, /has no .*hey_jarvis_v0\.1\.onnx\. It was removed; try again\.$/],
    [
      'has another file in its place',
      other(Buffer.alloc(contentOf(JARVIS).length, 'another ')),
      /has another .*hey_jarvis_v0\.1\.onnx than the published one \(SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}\)/,
    ],
    ['has a shorter file', other(contentOf(JARVIS).subarray(1)), /than the published one \(SHA-256/],
    ['has a longer file', other(Buffer.concat([contentOf(JARVIS), Buffer.from('!')])), /it is longer/],
    [
      'breaks off',
      () =>
        Readable.from(
          (async function* () {
            yield contentOf(JARVIS).subarray(0, 1_000);
            throw new Error('not enough bytes in the stream');
          })(),
        ),
      /cannot be read: not enough bytes in the stream/,
    ],
  ])('refuses one that %s, and begins anew the next time', async (_what, content, message) => {
    wrong.set(JARVIS, content);
    const pulled = store().pull('hey_jarvis');
    await expect(pulled).rejects.toMatchObject({
      code: 'MODEL_PACKAGE_FAILED',
      message: expect.stringMatching(message),
    });
    expect(closed).toBe(1);
    expect(await files()).toEqual([...SHARED]);
    wrong.clear();
    await store().pull('hey_jarvis');
    expect(fetched).toBe(2);
    expect(await files()).toEqual([...SHARED, 'hey_jarvis_v0.1.onnx'].sort());
  });

  it('stops reading one that goes on without an end', async () => {
    let sent = 0;
    const endless = async function* () {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(65_536);
      }
    };
    wrong.set(JARVIS, () => Readable.from(endless()));
    await expect(store().pull('hey_jarvis')).rejects.toMatchObject({ code: 'MODEL_PACKAGE_FAILED' });
    expect(sent).toBeLessThan(100);
  });

  it('refuses one that is no wheel', async () => {
    const failing = store({ openWheel: () => Promise.reject(new Error('it is no zip file')) });
    await expect(failing.pull('alexa')).rejects.toMatchObject({ code: 'MODEL_PACKAGE_FAILED' });
    expect(await files()).toEqual([]);
  });
});

describe('WakeWordStore: the disk', () => {
  it('says what to do when it is full, and keeps the package for the next time', async () => {
    await mkdir(directory, { recursive: true });
    await symlink('/dev/full', join(directory, 'hey_jarvis_v0.1.onnx.part'));
    await expect(store().pull('hey_jarvis')).rejects.toMatchObject({
      code: 'MODEL_DISK_FAILED',
      message: expect.stringMatching(/^The disk is full while writing .*Free some room/),
    });
    expect(await files()).toEqual([...SHARED, 'package']);
    await store().pull('hey_jarvis');
    expect(await files()).toEqual([...SHARED, 'hey_jarvis_v0.1.onnx'].sort());
  });

  it('says where it cannot write', async () => {
    await writeFile(join(root, 'models'), 'a file where the folder should be');
    await expect(store().pull('alexa')).rejects.toMatchObject({
      code: 'MODEL_DISK_FAILED',
      message: expect.stringContaining(`${directory} cannot be written: `),
    });
  });
});
