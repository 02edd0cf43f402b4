import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { PUBLISHED_WAKE_WORDS, WAKE_WORD_SHARED_FILES, type WakeWordFile } from '@parley/media/settings';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { modelsCommand } from './modelsCommand.js';

let cache = '';
const folder = () => join(cache, 'models', 'wake');

/** What has the size of a file is taken for it: its sum was checked when it was unpacked. */
function put(...files: WakeWordFile[]): void {
  mkdirSync(folder(), { recursive: true });
  for (const { fileName, bytes } of files) {
    writeFileSync(join(folder(), fileName), '');
    truncateSync(join(folder(), fileName), bytes);
  }
}

const fileOf = (name: string) => {
  const word = PUBLISHED_WAKE_WORDS.find((each) => each.name === name);
  if (word === undefined) throw new Error(name);
  return word.classifier;
};

/** The command's exit code and what it says. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += text;
    return true;
  });
  try {
    const code = await modelsCommand(args);
    return { code, out: stripVTControlCharacters(said.out), err: stripVTControlCharacters(said.err) };
  } finally {
    vi.restoreAllMocks();
  }
}

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'parley-cache-'));
  vi.stubEnv('PARLEY_CACHE', cache);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

describe('parley models', () => {
  test('lists which are here, where each came from, what they come under, and which can be had from packages', async () => {
    mkdirSync(join(cache, 'models'));
    const put = (name: string, note?: object) => {
      writeFileSync(join(cache, 'models', name), '');
      if (note !== undefined) writeFileSync(join(cache, 'models', `${name}.json`), JSON.stringify(note));
    };
    put('ggml-base-q8_0.bin', { source: 'packages', from: 'one 1.0.0, two 1.0.0' });
    put('ggml-small.bin');
    const { out } = await run('list');
    expect(out).toMatch(/^Whisper models \(weights by OpenAI, MIT licence\)$/m);
    expect(out).toMatch(/^● parley-nano .*built-in demo model/m);
    expect(out).toMatch(/^● base-q8_0 .*rebuilt from registry packages; .* \(one 1\.0\.0, two 1\.0\.0\)$/m);
    expect(out).toMatch(/^● small .*the published file, downloaded$/m);
    expect(out).toMatch(/^◐ tiny\.en-q8_0 .*English only/m);
    expect(out).toMatch(/^○ medium /m);
  });

  test('says that a model is here already, and from where', async () => {
    mkdirSync(join(cache, 'models'));
    const path = join(cache, 'models', 'ggml-tiny.bin');
    writeFileSync(path, '');
    expect((await run('pull', 'tiny')).out).toBe(`✓ tiny is already here, the published file, downloaded: ${path}\n`);
  });
});

describe('parley models, of wake words', () => {
  test('lists them with their licence, and which are here', async () => {
    put(...Object.values(WAKE_WORD_SHARED_FILES), fileOf('hey_jarvis'));
    const { code, out } = await run('list');
    expect(code).toBe(0);
    expect(out).toContain(
      'Wake words (CC BY-NC-SA 4.0: not for commercial use; https://creativecommons.org/licenses/by-nc-sa/4.0/)',
    );
    expect(out).toMatch(/^● hey_jarvis +1\.3 MB +"hey jarvis"$/m);
    expect(out).toMatch(/^○ alexa +0\.9 MB +"alexa"$/m);
    expect(out).toMatch(/^◐ base +149 MB/m);
  });

  test('says before a word is pulled where it is from and what it comes under, and after it where it is', async () => {
    put(...Object.values(WAKE_WORD_SHARED_FILES), fileOf('hey_jarvis'));
    expect(await run('pull', 'hey_jarvis')).toEqual({
      code: 0,
      out:
        'Wake words are from the Python package openwakeword 0.4.0.\n' +
        'Licence of the models: CC BY-NC-SA 4.0, not for commercial use (https://creativecommons.org/licenses/by-nc-sa/4.0/)\n' +
        `✓ hey_jarvis is already in ${folder()}\n` +
        '  npm start -- --wake-word-models hey_jarvis\n',
      err: '',
    });
  });

  test('pulls and removes all of them by one name', async () => {
    put(...Object.values(WAKE_WORD_SHARED_FILES), ...PUBLISHED_WAKE_WORDS.map(({ classifier }) => classifier));
    const { out } = await run('pull', 'wake-words');
    expect(out).toContain('--wake-word-models alexa,hey_jarvis,hey_marvin,hey_mycroft\n');
    expect((await run('remove', 'alexa')).out).toBe('✓ alexa was removed\n');
    expect((await run('remove', 'wake-words')).out).toBe('✓ wake-words was removed\n');
    expect((await run('remove', 'wake-words')).out).toBe('wake-words is not on this machine\n');
    expect(readdirSync(folder())).toEqual([]);
  });

  test('names them, too, where a name is unknown', async () => {
    const { code, err } = await run('pull', 'hey_jarvs');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^✗ There is no model "hey_jarvs"\..* Wake words are: alexa, hey_jarvis, .*wake-words for all/s,
    );
  });
});

describe('parley models synth', () => {
  test('writes a model of random weights into the cache, and says that it knows no words', async () => {
    const { code, out, err } = await run('synth', '--shape', 'tiny', '--seed', '7');
    const path = join(cache, 'models', 'parley-synth-tiny-q8_0-7.bin');
    expect({ code, out }).toEqual({
      code: 0,
      out:
        `✓ parley-synth-tiny-q8_0-7, 44 MB, is at ${path}\n` +
        '  Its weights are random: it runs as fast as a real model of this shape, but knows no words.\n',
    });
    expect(err).toContain('parley-synth-tiny-q8_0-7: writing random weights 50 %\n');
    expect(readdirSync(join(cache, 'models')).filter((name) => name.startsWith('parley-synth'))).toHaveLength(1);
  });

  test('is listed with what it takes of the disk, as one that knows no words, and can be removed', async () => {
    const folder = join(cache, 'models');
    mkdirSync(folder);
    for (const rest of ['', '.new-killed', '.part'])
      writeFileSync(join(folder, `parley-synth-turbo-q8_0-1.bin${rest}`), '');
    truncateSync(join(folder, 'parley-synth-turbo-q8_0-1.bin'), 874_000_000);
    const { out } = await run('list');
    expect(out).toMatch(/^● parley-synth-turbo-q8_0-1 +874 MB +random weights, knows no words$/m);
    expect(out).toMatch(/^Whisper models \(weights by OpenAI, MIT licence\)$/m);
    const removed = await run('remove', 'parley-synth-turbo-q8_0-1');
    expect(removed).toEqual({ code: 0, out: '✓ parley-synth-turbo-q8_0-1 was removed\n', err: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect((await run('remove', 'parley-synth-turbo-q8_0-1')).out).toBe(
      'parley-synth-turbo-q8_0-1 is not on this machine\n',
    );
    expect((await run('list')).out).not.toContain('parley-synth');
  });

  test('is removed by its name alone, not by a path', async () => {
    mkdirSync(join(cache, 'models', 'parley-synth-'), { recursive: true });
    const path = join(cache, 'a.bin');
    writeFileSync(path, '');
    expect((await run('remove', 'parley-synth-/../../a')).code).toBe(1);
    expect(readdirSync(cache)).toContain('a.bin');
  });

  test('writes it where it is told to, in 16-bit floats as well', async () => {
    const path = join(cache, 'new', 'a.bin');
    const { code, out } = await run('synth', '--shape', 'tiny', '--type', 'f16', '--out', path);
    expect(code).toBe(0);
    expect(out).toContain(`parley-synth-tiny-f16-1, 78 MB, is at ${path}\n`);
    expect(readdirSync(join(cache, 'new'))).toEqual(['a.bin']);
  });

  test.each([
    [[], /^✗ A shape is required\. Use: parley models synth --shape tiny\|base\|small\|medium\|large-v3\|turbo /],
    [['--shape', 'huge'], /^✗ Unknown shape "huge"\. Use: /],
    [['--shape', 'tiny', '--type', 'q4_0'], /^✗ Unknown type "q4_0"\. Use: .*q8_0\|f16/],
    [['--shape', 'tiny', '--seed', '-1'], /^✗ .*Use: /s],
    [['--shape', 'tiny', '--seed', '4294967296'], /^✗ "4294967296" is not a whole number from 0 to 4294967295\./],
    [['--size', 'tiny'], /^✗ Unknown option '--size'.*Use: /s],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, out, err } = await run('synth', ...args);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(readdirSync(cache)).toEqual([]);
  });
});
