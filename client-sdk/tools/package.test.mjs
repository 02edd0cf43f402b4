import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, it } from 'vitest';

const SDK = fileURLToPath(new URL('../', import.meta.url));
const ATTW = fileURLToPath(new URL('../../node_modules/@arethetypeswrong/cli/dist/index.js', import.meta.url));
/** What whoever installs it downloads, and what it takes on the disk; far from what it is, near to a folder too many. */
const PACKED_LIMIT_KB = 650;
const UNPACKED_LIMIT_KB = 2_600;

const manifest = JSON.parse(readFileSync(join(SDK, 'package.json'), 'utf8'));

describe('the package as it is published', () => {
  /** @type {{ size: number, unpackedSize: number, files: { path: string }[] }} */
  let packed;
  /** @type {Set<string>} */
  let files;
  beforeAll(() => {
    const printed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: SDK,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    [packed] = Object.values(JSON.parse(printed));
    files = new Set(packed.files.map(({ path }) => path));
  });

  it('has the code with types, maps and sources, the licence and the README, and nothing else', () => {
    for (const path of files) {
      expect(path).toMatch(
        /^(LICENSE|README\.md|package\.json|src\/.+\.tsx?|dist\/.+\.(js|js\.map|d\.ts|d\.ts\.map))$/,
      );
      expect(path).not.toMatch(/\.test\./);
    }
    expect(files).toContain('LICENSE');
    expect(packed.size).toBeLessThan(PACKED_LIMIT_KB * 1_000);
    expect(packed.unpackedSize).toBeLessThan(UNPACKED_LIMIT_KB * 1_000);
    expect(readFileSync(join(SDK, 'LICENSE'), 'utf8')).toBe(readFileSync(join(SDK, '..', 'LICENSE'), 'utf8'));
  });

  it('has every file that its entry points name, types first', () => {
    for (const [name, targets] of Object.entries(manifest.exports)) {
      if (typeof targets === 'string') continue;
      expect(Object.keys(targets), name).toEqual(['types', 'default']);
      for (const target of Object.values(targets)) expect(files).toContain(target.slice('./'.length));
    }
  });

  it('has the sources that its maps point at, or has them in the map', () => {
    const maps = [...files].filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(0);
    expect(maps).toContain('dist/bundle/parley.js.map');
    for (const path of maps) {
      const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(SDK, path), 'utf8'));
      for (const [index, source] of sources.entries()) {
        if (typeof sourcesContent[index] !== 'string') expect(files, path).toContain(join(dirname(path), source));
      }
    }
  });

  it('is clean by publint', async () => {
    const { messages } = await publint({ pkgDir: SDK, pack: 'npm', strict: true });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });

  it('has types that are right, by "are the types wrong?"', () => {
    const args = [ATTW, '--pack', SDK, '--profile', 'esm-only', '--format', 'json'];
    const { analysis, problems = analysis.problems } = JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports));
    const notEsm = ['node10', 'node16-cjs'];
    const relevant = Object.values(problems)
      .flat()
      .filter(({ resolutionKind }) => !notEsm.includes(resolutionKind));
    expect(relevant).toEqual([]);
  });
});
