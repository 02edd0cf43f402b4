import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let folder: string;

beforeEach(() => {
  vi.resetModules();
  folder = mkdtempSync(join(tmpdir(), 'parley-addon-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** The package as a process sees it whose PARLEY_NATIVE_DIR is `dir`. */
async function packageWith(dir: string) {
  vi.stubEnv('PARLEY_NATIVE_DIR', dir);
  return await import('./index.js');
}

describe('an addon that is not there', () => {
  it('is reported as unavailable, with what to do', async () => {
    const native = await packageWith(folder);
    expect(native.nativeAvailability()).toEqual({ available: false, reason: expect.stringContaining('npm run build') });
  });

  it('makes every entry throw the same typed error', async () => {
    const native = await packageWith(folder);
    const unavailable = { name: 'NativeError', code: 'NATIVE_ADDON_UNAVAILABLE' };
    expect(() => native.loadNative()).toThrow(expect.objectContaining(unavailable));
    expect(() => native.createOpusDecoder()).toThrow(expect.objectContaining(unavailable));
    expect(() => native.opusPacketInfo(Uint8Array.of(1))).toThrow(expect.objectContaining(unavailable));
    await expect(
      native.createSpeechEngine({ modelPath: '', device: 'cpu', lanes: 1, threadsPerLane: 1, flashAttention: false }),
    ).rejects.toMatchObject(unavailable);
  });
});

describe('an addon that is broken', () => {
  it('is reported with the loader’s own words and its folder', async () => {
    writeFileSync(join(folder, 'parley_native.node'), 'not a library');
    const { available, reason } = (await packageWith(folder)).nativeAvailability();
    expect(available).toBe(false);
    expect(reason).toContain(folder);
    expect(reason).toMatch(/cannot be loaded/);
  });
});

describe('the addon of this machine', () => {
  it('loads from where the build put it', async () => {
    const native = await import('./index.js');
    expect(native.nativeAvailability()).toEqual({ available: true });
    expect(native.loadNative().folder).toMatch(/native/);
  });
});
