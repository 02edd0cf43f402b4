import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const execute = promisify(execFile);
const RUN_THE_MODEL = `
  const { VoiceActivityModel } = await import('@parley/media/worker');
  await VoiceActivityModel.create();
  process.exit(0);
`;

it('ONNX Runtime reports nothing to its maker: with telemetry, it would give itself a device id first', async () => {
  const home = await mkdtemp(join(tmpdir(), 'parley-home-'));
  try {
    // The environment of a server that somebody starts by hand: a variable CI would turn telemetry off as well.
    await execute(process.execPath, ['--input-type=module', '--eval', RUN_THE_MODEL], {
      cwd: new URL('../../../', import.meta.url),
      env: { PATH: process.env.PATH, HOME: home },
    });
    expect(await readdir(home, { recursive: true })).toEqual([]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
