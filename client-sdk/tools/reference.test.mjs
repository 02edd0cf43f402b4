import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SDK = fileURLToPath(new URL('../', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../../docs/sdk/', import.meta.url));
const LIMIT_KB = 300;

const pagesIn = (folder) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .toSorted()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );

it('docs/sdk is what the public docstrings say now (npm run docs:sdk writes it)', () => {
  const fresh = mkdtempSync(join(tmpdir(), 'parley-reference-'));
  try {
    const typedoc = join(SDK, 'node_modules', 'typedoc', 'bin', 'typedoc');
    execFileSync(process.execPath, [typedoc, '--out', fresh, '--logLevel', 'Error'], { cwd: SDK });
    const pages = pagesIn(fresh);
    expect(pagesIn(REFERENCE)).toEqual(pages);
    expect(Object.values(pages).join('').length).toBeLessThan(LIMIT_KB * 1_000);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}, 60_000);
