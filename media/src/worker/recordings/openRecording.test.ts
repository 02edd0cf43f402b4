import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinPcm } from '../../testing/joinPcm.js';
import { wavFile } from '../../testing/wavFile.js';
import { openRecording } from './openRecording.js';

const JFK = new URL('../../../../test/fixtures/people/clips/en-jfk.flac', import.meta.url);
const values = [0, 0.5, -0.5, 0.25];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-recording-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function fileOf(name: string, content: Uint8Array | string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

/** Plays ffmpeg: says what its input is, then writes `samples`, what it has to say, and ends. */
async function ffmpegThat(options: { says: string; writes?: string; complains?: string; code?: number }) {
  const { says, writes = '', complains = '', code = 0 } = options;
  const file = await fileOf(
    'ffmpeg',
    `#!/bin/sh
case "$*" in
  *s16le*) printf '${writes}'; printf '%s' '${complains}' >&2; exit ${code} ;;
  *) echo '${says}' >&2; exit 1 ;;
esac
`,
  );
  await chmod(file, 0o755);
  return file;
}

async function samplesOf(audio: AsyncIterable<Int16Array>): Promise<number[]> {
  const blocks: Int16Array[] = [];
  for await (const block of audio) blocks.push(block);
  return [...joinPcm(blocks)];
}

const AUDIO = '  Duration: 01:02:03.50, start: 0\n  Stream #0:0: Audio: opus, 48000 Hz';

describe('a recording', () => {
  it('of WAV or FLAC is decoded without any program, whatever its name', async () => {
    const wav = await openRecording({ file: await fileOf('a.mp3', wavFile({ values, encoding: 'pcm', bits: 16 })) });
    expect(wav.durationMs).toBe(0.25);
    expect(await samplesOf(wav.audio)).toEqual([0, 16_384, -16_384, 8_192]);
    const flac = await openRecording({ file: await fileOf('a', await readFile(JFK)), ffmpeg: 'none' });
    expect(flac.durationMs).toBe(11_000);
  });

  it.each([
    ['that is not there', 'gone.wav', 'There is no such file.'],
    ['that is a folder', '.', 'It cannot be read (it is not a file).'],
  ])('%s is refused', async (_, name, sentence) => {
    const file = join(folder, name);
    await expect(openRecording({ file })).rejects.toMatchObject({
      code: 'RECORDING_UNREADABLE',
      message: `${file}: ${sentence}`,
    });
  });

  it('of FLAC that ends too early is refused', async () => {
    const file = await fileOf('half.flac', (await readFile(JFK)).subarray(0, 50_000));
    await expect(openRecording({ file })).rejects.toMatchObject({ code: 'RECORDING_DAMAGED' });
  });

  it('of another format needs ffmpeg, and says so', async () => {
    const file = await fileOf('a.mp3', 'ID3');
    await expect(openRecording({ file, ffmpeg: join(folder, 'none') })).rejects.toMatchObject({
      code: 'RECORDING_NEEDS_FFMPEG',
      message: expect.stringContaining('apt install ffmpeg'),
    });
  });

  it('is read through ffmpeg, also where samples are split between two blocks', async () => {
    const file = await fileOf('a.ogg', 'OggS');
    const ffmpeg = await ffmpegThat({ says: AUDIO, writes: '\\001\\000\\002\\000\\003' });
    const { durationMs, audio } = await openRecording({ file, ffmpeg });
    expect(durationMs).toBe(3_723_500);
    expect(await samplesOf(audio)).toEqual([1, 2]);
  });

  it('without audio is refused, and its length may be unknown', async () => {
    const file = await fileOf('a.ogg', 'OggS');
    const pictures = await ffmpegThat({ says: '  Stream #0:0: Video: png' });
    await expect(openRecording({ file, ffmpeg: pictures })).rejects.toMatchObject({ code: 'RECORDING_UNSUPPORTED' });
    const endless = await ffmpegThat({ says: '  Duration: N/A\n  Stream #0:0: Audio: opus' });
    expect((await openRecording({ file, ffmpeg: endless })).durationMs).toBeUndefined();
  });

  it.each([
    [{ complains: 'File ended prematurely' }],
    [{ complains: 'Invalid data', code: 69 }],
  ])('that is damaged gives what comes before, then says so: %o', async (how) => {
    const file = await fileOf('a.webm', 'x');
    const { audio } = await openRecording({
      file,
      ffmpeg: await ffmpegThat({ says: AUDIO, writes: '\\001\\000', ...how }),
    });
    const read: number[] = [];
    const reading = (async () => {
      for await (const block of audio) read.push(...block);
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'RECORDING_DAMAGED',
      message: expect.stringContaining(how.complains),
    });
    expect(read).toEqual([1]);
  });
});
