import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DemoError } from '../DemoError.js';
import { findChromium } from './findChromium.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-chromium-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function executable(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, '');
  await chmod(path, 0o755);
  return path;
}

describe('the search for a browser', () => {
  it('takes the one in PARLEY_CHROMIUM before any other', async () => {
    await executable('chromium');
    const chosen = await executable('my-browser');
    expect(await findChromium({ env: { PARLEY_CHROMIUM: chosen, PATH: folder } })).toBe(chosen);
  });

  it('says so when the one in PARLEY_CHROMIUM cannot be run, and does not fall back', async () => {
    await executable('chromium');
    const search = findChromium({ env: { PARLEY_CHROMIUM: join(folder, 'nothing'), PATH: folder } });
    await expect(search).rejects.toThrow(/^PARLEY_CHROMIUM is .*nothing, which cannot be run\.$/);
  });

  it('prefers Chromium to Chrome along the whole PATH', async () => {
    const chrome = await executable('google-chrome');
    const path = ['', join(folder, 'missing'), folder].join(delimiter);
    expect(await findChromium({ env: { PATH: path }, usualPlaces: [] })).toBe(chrome);
    const chromium = await executable('chromium');
    expect(await findChromium({ env: { PATH: path }, usualPlaces: [] })).toBe(chromium);
  });

  it('passes over files that are not executable', async () => {
    await writeFile(join(folder, 'chromium'), '');
    const elsewhere = await executable('elsewhere');
    expect(await findChromium({ env: { PATH: folder }, usualPlaces: [elsewhere] })).toBe(elsewhere);
  });

  it('says how to get one if there is none', async () => {
    const search = findChromium({ env: { PATH: folder }, usualPlaces: [] });
    await expect(search).rejects.toBeInstanceOf(DemoError);
    await expect(search).rejects.toThrow('apt install chromium');
  });
});
