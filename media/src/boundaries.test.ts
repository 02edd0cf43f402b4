import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Prints the URL of every module that an import loads, and what native code it binds. */
const LIST_LOADED = `
  import { registerHooks } from 'node:module';
  const urls = [];
  registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
  await import(process.env.IMPORTED);
  const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'));
  console.log(JSON.stringify({ urls, addons }));
`;

async function loadedBy(specifier: string): Promise<{ urls: string[]; addons: string[] }> {
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', LIST_LOADED], {
    // A package finds itself by its own name, as others find it.
    cwd: join(ROOT, 'media'),
    env: { ...process.env, IMPORTED: specifier },
  });
  return JSON.parse(stdout) as { urls: string[]; addons: string[] };
}

describe('an import of media', () => {
  it('of the settings brings the settings and zod, and nothing else', async () => {
    const { urls, addons } = await loadedBy('@parley/media/settings');
    expect(urls.filter((url) => !/\/media\/dist\/settings\/|\/node_modules\/zod\//.test(url))).toEqual([]);
    expect(urls.some((url) => url.endsWith('/media/dist/settings/modes.js'))).toBe(true);
    expect(addons).toEqual([]);
  });

  it('of a timer brings the folder process and what Node has, and nothing else', async () => {
    const { urls, addons } = await loadedBy('@parley/media/process');
    expect(urls.filter((url) => !/\/media\/dist\/process\/|^node:/.test(url))).toEqual([]);
    expect(urls.some((url) => url.endsWith('/media/dist/process/TimeSource.js'))).toBe(true);
    expect(addons).toEqual([]);
  });

  it('of the server process brings mediasoup, but neither ONNX Runtime nor a part of the other two', async () => {
    const { urls, addons } = await loadedBy('@parley/media/node');
    expect(urls.some((url) => url.includes('/node_modules/mediasoup/'))).toBe(true);
    expect(urls.filter((url) => url.includes('onnxruntime'))).toEqual([]);
    expect(urls.filter((url) => /\/media\/dist\/(worker|asr)\/(?!contract\/)/.test(url))).toEqual([]);
    expect(addons).toEqual([]);
  });

  it('without a folder is refused: there is no barrel over all', async () => {
    await expect(loadedBy('@parley/media')).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });
});

/** Imports, and the rule that forbids each; allowed if there is none. */
const IMPORTS: { from: string; to: string; type?: true; rule?: string }[] = [
  { from: 'media/src/worker/Room', to: 'media/src/node/Pool', rule: 'children-know-no-server' },
  { from: 'media/src/worker/RoomTypes', to: 'media/src/node/Pool', type: true, rule: 'children-know-no-server' },
  { from: 'media/src/worker/contract/answers', to: 'media/src/node/Pool', rule: 'children-know-no-server' },
  { from: 'media/src/asr/Engine', to: 'media/src/node/models/Store', rule: 'children-know-no-server' },
  { from: 'media/src/node/Tap', to: 'media/src/worker/pipeline/Voice', rule: 'node-knows-messages-only' },
  { from: 'media/src/node/TapTypes', to: 'media/src/asr/Queue', type: true, rule: 'node-knows-messages-only' },
  { from: 'media/src/node/Messages', to: 'media/src/worker/contract/messages' },
  { from: 'media/src/node/Requests', to: 'media/src/asr/contract/requests' },
  { from: 'media/src/worker/Client', to: 'media/src/asr/Queue', rule: 'worker-knows-requests-only' },
  { from: 'media/src/worker/Asker', to: 'media/src/asr/contract/requests' },
  { from: 'media/src/asr/Listener', to: 'media/src/worker/contract/messages', rule: 'asr-does-not-know-media' },
  { from: 'media/src/asr/contract/limits', to: 'media/src/asr/Queue', rule: 'contracts-stand-alone' },
  { from: 'media/src/settings/names', to: 'media/src/process/clock', rule: 'settings-are-data' },
  { from: 'media/src/settings/labels', to: 'media/src/asr/contract/requests', rule: 'settings-are-data' },
  { from: 'media/src/process/Restart', to: 'media/src/settings/values', rule: 'process-knows-no-media' },
  { from: 'media/src/worker/Voices', to: 'media/src/settings/values' },
  { from: 'media/src/asr/Timer', to: 'media/src/process/clock' },
  { from: 'media/src/worker/Recogniser', to: 'media/src/testing/fakes', rule: 'fakes-stay-in-tests' },
  { from: 'media/src/worker/speech/Gain', to: 'media/src/worker/pipeline/Voice', rule: 'rtp-audio-speech-are-pure' },
  { from: 'media/src/node/models/Files', to: 'media/src/node/Pool', rule: 'models-are-files' },
  { from: 'server/src/rooms/Media', to: 'media/src/worker/pipeline/Voice', rule: 'products-talk-through-node' },
  { from: 'server/src/rooms/Tap', to: 'media/src/node/Pool' },
];

describe('the server', () => {
  it('knows that its media are on this machine in the one place that starts them', async () => {
    const folder = join(ROOT, 'server/src');
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
    const knowing = [];
    for (const name of files) {
      const text = await readFile(join(folder, name), 'utf8');
      if (/\bLocal(MediaNode|RoomPipeline|SfuRoom)\b/.test(text)) knowing.push(name);
    }
    expect(knowing).toEqual(['start/startMedia.ts']);
  });
});

describe('a dependency rule', () => {
  let folder = '';
  let broken = new Map<string, string[]>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-boundaries-'));
    const write = async (name: string, content: string) => {
      const path = join(folder, `${name}.ts`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    };
    for (const { to } of IMPORTS) await write(to, 'export const value = 1;\n');
    for (const { from, to, type } of IMPORTS) {
      const up = '../'.repeat(from.split('/').length - 1);
      const names = type === true ? 'type { value }' : '{ value }';
      await write(from, `import ${names} from '${up}${to}.js';\nexport const used = typeof value;\n`);
    }
    const { stdout } = await execute(
      process.execPath,
      [
        join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
        ...['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', 'media', 'server'],
      ],
      { cwd: folder, maxBuffer: 16 * 1024 * 1024 },
    ).catch((error: { stdout: string }) => error);
    const { summary } = JSON.parse(stdout) as {
      summary: { violations: { from: string; to: string; rule: { name: string } }[] };
    };
    broken = new Map();
    for (const { from, rule } of summary.violations) broken.set(from, [...(broken.get(from) ?? []), rule.name]);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(IMPORTS.filter(({ rule }) => rule !== undefined))('$rule refuses $from -> $to', ({ from, rule }) => {
    expect(broken.get(`${from}.ts`)).toContain(rule);
  });

  it.each(IMPORTS.filter(({ rule }) => rule === undefined))('lets $from -> $to through', ({ from }) => {
    expect(broken.get(`${from}.ts`)).toBeUndefined();
  });
});
