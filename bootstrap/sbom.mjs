/**
 * Software bill of materials of what runs a server (CycloneDX 1.5, JSON): the npm packages out of package-lock.json, as `npm sbom` lists them,
 * and what npm does not know: native code inside of packages, the libraries of the system that it is built with, and the models that lie here.
 * Prints it, or writes it into the file that is given. For each release: npm run sbom -- FILE.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LIBRARIES as WORKER_LIBRARIES } from '../native/worker/acquire.mjs';

/** @typedef {{ name: string, value: string }} Property */
/**
 * @typedef {{
 *   'bom-ref': string, type: string, name: string, version?: string, purl?: string, properties?: Property[],
 *   licenses?: object[], hashes?: { alg: string, content: string }[],
 * }} Component
 */
/** @typedef {{ ref: string, dependsOn?: string[] }} Dependency */
/** @typedef {{ metadata: { component: Component }, components: Component[], dependencies: Dependency[] }} Bom */

const MODELS = ['native/models/parley-nano-q8_0.bin.gz', 'media/models/silero_vad_v6_16k.onnx'];

/** @param {string} root the repository, with its packages installed @returns {Promise<Bom>} */
export async function createSbom(root) {
  const bom = withoutDevelopment(await npmSbom(root));
  for (const { component, of } of nativeParts(root)) {
    bom.components.push(component);
    bom.dependencies.push({ ref: component['bom-ref'], dependsOn: [] });
    const owner = bom.dependencies.find(({ ref }) => ref === of);
    if (owner === undefined) throw new Error(`${of}, which contains ${component.name}, is not in package-lock.json.`);
    owner.dependsOn = [...(owner.dependsOn ?? []), component['bom-ref']];
  }
  return bom;
}

export function npmIsTooOld() {
  return Number.parseInt(execFileSync('npm', ['--version'], { encoding: 'utf8' }), 10) < 10;
}

/** @param {string} root @returns {Promise<Bom>} */
async function npmSbom(root) {
  if (npmIsTooOld()) throw new Error('This needs npm 10 or newer.');
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const bom = /** @type {Bom} */ (JSON.parse(stdout));
  // npm takes a folder's name for that of a package which lies in it.
  for (const component of [bom.metadata.component, ...bom.components]) {
    component.name = decodeURIComponent(/^pkg:npm\/(.+)@[^@]+$/.exec(component.purl ?? '')?.[1] ?? component.name);
  }
  bom.metadata.component.type = 'application';
  return bom;
}

/**
 * Not by `--omit dev`: that leaves out what anything uses for development, also where something else needs it to run.
 * @param {Bom} bom @returns {Bom}
 */
function withoutDevelopment(bom) {
  const components = bom.components.filter(
    ({ properties = [] }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
  );
  const refs = new Set([bom.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  return { ...bom, components, dependencies };
}

/** @param {string} root @returns {{ component: Component, of: string }[]} each with the reference of what contains or links it */
function nativeParts(root) {
  /** @param {string} path */
  const read = (path) => readFileSync(join(root, path), 'utf8');
  /** @param {string} name */
  const versionOf = (name) => JSON.parse(read(`node_modules/${name}/package.json`)).version;
  /** @param {string} name */
  const packageRef = (name) => `${name}@${versionOf(name)}`;
  const addon = `@parley/native@${JSON.parse(read('native/package.json')).version}`;
  const whisper = 'node_modules/nodejs-whisper/cpp/whisper.cpp';
  const whisperVersion = /"whisper\.cpp" VERSION ([\d.]+)/.exec(read(`${whisper}/CMakeLists.txt`))?.[1];
  const ggml = read(`${whisper}/ggml/CMakeLists.txt`);
  const ggmlVersion = ['MAJOR', 'MINOR', 'PATCH']
    .map((part) => new RegExp(`GGML_VERSION_${part} (\\d+)`).exec(ggml)?.[1])
    .join('.');
  const worker = fromGithub({
    repository: 'versatica/mediasoup',
    name: 'mediasoup-worker',
    version: versionOf('mediasoup'),
    tag: '',
    license: 'ISC',
  });
  return [
    {
      component: fromGithub({ repository: 'ggml-org/whisper.cpp', version: whisperVersion, license: 'MIT' }),
      of: packageRef('nodejs-whisper'),
    },
    {
      component: fromGithub({ repository: 'ggml-org/ggml', version: ggmlVersion, license: 'MIT' }),
      of: packageRef('nodejs-whisper'),
    },
    {
      component: fromGithub({
        repository: 'microsoft/onnxruntime',
        version: versionOf('onnxruntime-node'),
        license: 'MIT',
      }),
      of: packageRef('onnxruntime-node'),
    },
    { component: ofSystem('opus'), of: addon },
    { component: worker, of: packageRef('mediasoup') },
    ...WORKER_LIBRARIES.map((name) => ({ component: ofSystem(name), of: worker['bom-ref'] })),
    ...MODELS.map((path) => ({
      component: modelOf(join(root, path)),
      of: path.startsWith('native/') ? addon : `@parley/media@${JSON.parse(read('media/package.json')).version}`,
    })),
  ];
}

/** @param {{ repository: string, version: string | undefined, license: string, name?: string, tag?: string }} part @returns {Component} */
function fromGithub({ repository, version, license, name = basename(repository), tag = 'v' }) {
  if (version === undefined) throw new Error(`The version of ${name} is not where it was.`);
  return {
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    purl: `pkg:github/${repository}@${tag}${version}`,
    licenses: [{ license: { id: license } }],
  };
}

/** A library of the distribution, in the version that this machine builds with. @param {string} name for pkg-config @returns {Component} */
function ofSystem(name) {
  const version = installedVersion(name);
  return {
    'bom-ref': `system:${name}`,
    type: 'library',
    name,
    ...(version === undefined ? {} : { version, purl: `pkg:generic/${name}@${version}` }),
    properties: [{ name: 'parley:origin', value: 'library of the system' }],
  };
}

/** @param {string} name */
function installedVersion(name) {
  try {
    const stdio = /** @type {const} */ (['ignore', 'pipe', 'ignore']);
    return execFileSync('pkg-config', ['--modversion', name], { encoding: 'utf8', stdio: [...stdio] }).trim();
  } catch {
    return undefined;
  }
}

/** @param {string} path @returns {Component} */
function modelOf(path) {
  const name = basename(path);
  const content = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { 'bom-ref': name, type: 'machine-learning-model', name, hashes: [{ alg: 'SHA-256', content }] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = `${JSON.stringify(await createSbom(fileURLToPath(new URL('..', import.meta.url))), undefined, 2)}\n`;
  const file = process.argv[2];
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(resolve(file), text);
}
