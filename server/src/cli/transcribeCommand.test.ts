import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { transcribeCommand } from './transcribeCommand.js';

const SPEECH = fileURLToPath(new URL('../../../test/fixtures/speech/', import.meta.url));
const ONE = join(SPEECH, 'en-01.flac');
const TIMEOUT_MS = 60_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-transcribe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The command's exit code and what it prints. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  for (const stream of ['out', 'err'] as const) {
    vi.spyOn(process[`std${stream}`], 'write').mockImplementation((text) => {
      said[stream] += text;
      return true;
    });
  }
  try {
    const code = await transcribeCommand(['--model', 'parley-nano', ...args]);
    return { code, out: stripVTControlCharacters(said.out), err: stripVTControlCharacters(said.err) };
  } finally {
    vi.restoreAllMocks();
  }
}

describe('parley transcribe', () => {
  test(
    'prints what is said in a file, under its name or the name that is given',
    async () => {
      const { code, out, err } = await run(ONE, '--name', 'Ada');
      expect(code).toBe(0);
      expect(out).toMatch(/^0:0\d Ada: \w.+[.?]\n/);
      expect(err).toMatch(/✓ en-01\.flac {2}0:0\d, [\d.]+ times real time\n$/);
      expect((await run(ONE, '--format', 'vtt')).out).toMatch(/^WEBVTT\n\n00:00:0.+ --> .+\n<v en-01>/);
    },
    TIMEOUT_MS,
  );

  test(
    'merges tracks of one meeting by time, and writes files without replacing any',
    async () => {
      const args = [ONE, join(SPEECH, 'en-02.flac'), '--together', '--format', 'json', '--out', folder];
      expect((await run(...args)).code).toBe(0);
      const file = join(folder, 'meeting.json');
      const { segments } = JSON.parse(readFileSync(file, 'utf8'));
      expect(new Set(segments.map(({ displayName }: { displayName: string }) => displayName))).toEqual(
        new Set(['en-01', 'en-02']),
      );
      expect(segments.map(({ seq }: { seq: number }) => seq)).toEqual(
        segments.map((_: unknown, index: number) => index + 1),
      );
      const starts = segments.map(({ startMs }: { startMs: number }) => startMs);
      expect(starts).toEqual(starts.toSorted((one: number, other: number) => one - other));
      writeFileSync(file, 'kept');
      expect(await run(...args)).toMatchObject({
        code: 1,
        err: expect.stringContaining('meeting.json exists already'),
      });
      expect(readFileSync(file, 'utf8')).toBe('kept');
    },
    TIMEOUT_MS,
  );

  test(
    'goes on after a file that cannot be read, says which, and ends with 1',
    async () => {
      const { code, out, err } = await run(join(folder, 'gone.wav'), ONE);
      expect(code).toBe(1);
      expect(err).toContain(`✗ ${join(folder, 'gone.wav')}: There is no such file.`);
      expect(out).toContain('en-01: ');
    },
    TIMEOUT_MS,
  );

  test.each([
    [[], 'Which file?'],
    [['FOLDER'], 'There are no recordings there.'],
    [[ONE, '--format', 'doc'], 'There is no format "doc".'],
    [[ONE, '--loud'], "Unknown option '--loud'"],
    [[ONE, '--name', 'Ada', '--name', 'Ben'], 'There are 1 files and 2 names.'],
    [[ONE, ONE, '--format', 'srt'], 'Several transcripts as srt need a folder'],
    [[ONE, '--out', '/nowhere'], 'There is no folder /nowhere.'],
    [[ONE, ONE, '--out', 'FOLDER'], 'Several files have the same name'],
    [[ONE, '--mode', 'quick'], 'mode'],
    [[ONE, '--language', 'ja'], 'language'],
  ])('refuses %j before it starts anything', async (args, sentence) => {
    const { code, out, err } = await run(...args.map((each) => (each === 'FOLDER' ? folder : each)));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(sentence);
  });

  test('takes the recordings of a folder, and leaves other files alone', async () => {
    mkdirSync(join(folder, 'notes.wav.d'));
    writeFileSync(join(folder, 'notes.txt'), 'x');
    writeFileSync(join(folder, 'b.wav'), 'x');
    writeFileSync(join(folder, 'a.MP3'), 'x');
    const { err } = await run(folder, '--name', 'Ada');
    expect(err).toContain('There are 2 files and 1 names.');
  });
});
