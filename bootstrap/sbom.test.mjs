import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSbom, npmIsTooOld } from './sbom.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(`${ROOT}${path}`, 'utf8'));

const tooOld = npmIsTooOld();
if (tooOld) console.warn('SKIPPED: no bill of materials is made. npm is older than 10, and has no `npm sbom`.');

describe.skipIf(tooOld)('the bill of materials', () => {
  /** @type {import('./sbom.mjs').Bom} */
  let bom;
  beforeAll(async () => {
    bom = await createSbom(ROOT);
  }, 60_000);

  /** @param {string} name */
  const versionsOf = (name) => bom.components.filter((each) => each.name === name).map(({ version }) => version);

  it('has every package of the lock that is installed to run a server, with its sum, and none for development', () => {
    const packages = Object.entries(json('package-lock.json').packages)
      .filter(([path, { link, dev }]) => path.includes('node_modules/') && link !== true && dev !== true)
      .map(([path, { name, version, integrity }]) => {
        const sum = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
        return `${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version} ${sum}`;
      });
    const listed = bom.components
      .filter(({ purl, hashes }) => purl?.startsWith('pkg:npm/') && hashes !== undefined)
      .map(({ name, version, hashes }) => `${name}@${version} ${hashes?.[0]?.content}`);
    expect(packages.length).toBeGreaterThan(100);
    expect([...new Set(listed)].sort()).toEqual([...new Set(packages)].sort());
  });

  it('has our own packages under their names', () => {
    expect(bom.metadata.component).toMatchObject({ name: 'parley', type: 'application' });
    for (const folder of ['native', 'media', 'client-sdk', 'server', 'server/web']) {
      const { name, version } = json(`${folder}/package.json`);
      expect(versionsOf(name)).toEqual([version]);
    }
  });

  it('has the native code that npm does not know, in the versions that are pinned', () => {
    const whisper = readFileSync(`${ROOT}node_modules/nodejs-whisper/cpp/whisper.cpp/CMakeLists.txt`, 'utf8');
    expect(whisper).toContain(`VERSION ${versionsOf('whisper.cpp')[0]})`);
    expect(versionsOf('ggml')[0]).toMatch(/^\d+\.\d+\.\d+$/);
    const { dependencies } = json('media/package.json');
    expect(versionsOf('onnxruntime')).toEqual([dependencies['onnxruntime-node']]);
    expect(versionsOf('mediasoup-worker')).toEqual([dependencies.mediasoup]);
  });

  it('has the libraries of the system that are linked, and the models that lie in the repository', () => {
    const cmake = ['native/CMakeLists.txt', 'native/worker/CMakeLists.txt'].map((path) =>
      readFileSync(`${ROOT}${path}`, 'utf8'),
    );
    const linked = cmake.flatMap(
      (text) =>
        /pkg_check_modules\(\w+ REQUIRED IMPORTED_TARGET ([^)]+)\)/
          .exec(text)
          ?.slice(1)
          .flatMap((names) => names.split(' ')) ?? [],
    );
    expect(linked).toEqual(['opus', 'libuv', 'openssl', 'libsrtp2', 'flatbuffers']);
    const refs = bom.components.map((component) => component['bom-ref']);
    expect(refs).toEqual(expect.arrayContaining(linked.map((name) => `system:${name}`)));
    const sum = /[0-9a-f]{64}/.exec(readFileSync(`${ROOT}media/models/README.md`, 'utf8'))?.[0];
    expect(bom.components.find(({ name }) => name.startsWith('silero'))?.hashes?.[0]?.content).toBe(sum);
    expect(refs).toContain('parley-nano-q8_0.bin.gz');
  });

  it('refers to what is in it, each once, and everything hangs together', () => {
    const refs = [bom.metadata.component, ...bom.components].map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    const used = new Set(bom.dependencies.flatMap(({ dependsOn = [] }) => dependsOn));
    expect([...used].filter((ref) => !refs.includes(ref))).toEqual([]);
    const loose = refs.filter((ref) => !used.has(ref));
    expect(loose).toEqual([bom.metadata.component['bom-ref']]);
  });
});
