import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runDemo } from './runDemo.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-demo-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the demo as far as its own checks go: none of these cases may reach a server or a browser. */
async function run(args: string[], env: NodeJS.ProcessEnv = process.env) {
  let output = '';
  let errors = '';
  const code = await runDemo({
    args,
    io: {
      output: { write: (text) => (output += text) },
      errors: { write: (text) => (errors += text) },
      colors: pc.createColors(false),
      env,
    },
    signal: new AbortController().signal,
  });
  return { code, output, errors };
}

const script = {
  duration: 2,
  speakers: [{ name: 'Ada', file: 'ada.flac' }],
  segments: [{ speaker: 'Ada', start: 0.5, end: 1.5, text: 'Hello.' }],
};

async function meetingFolder(meeting: unknown): Promise<string> {
  await writeFile(join(folder, 'meeting.json'), typeof meeting === 'string' ? meeting : JSON.stringify(meeting));
  return folder;
}

describe('the demo', () => {
  it('explains itself', async () => {
    const { code, output, errors } = await run(['--help']);
    expect(code).toBe(0);
    expect(output).toContain('--meeting WHAT');
    expect(output).toContain('--model MODEL');
    expect(output).toContain('parley-nano');
    expect(errors).toBe('');
  });

  it('refuses arguments that it does not know, in one sentence', async () => {
    expect(await run(['--loud'])).toEqual({ code: 1, output: '', errors: "Unknown option '--loud'. See --help.\n" });
    expect((await run(['here'])).errors).toMatch(
      /^Unexpected argument 'here'\. .*See --help\.\n$|^Unexpected argument 'here'.*\n$/,
    );
    expect((await run(['--meeting'])).errors).toContain('argument missing');
  });

  it('refuses arguments that do not go together', async () => {
    expect(await run(['--keep', '--server', 'https://localhost:8443'])).toMatchObject({
      code: 1,
      errors: '--keep cannot be combined with --server: it applies to the server that the demo starts.\n',
    });
    expect((await run(['--model', 'base', '--server', 'https://localhost:8443'])).errors).toBe(
      '--model cannot be combined with --server: it applies to the server that the demo starts.\n',
    );
    expect((await run(['--model', ''])).errors).toBe('--model is empty. See --help.\n');
    expect((await run(['--server', 'localhost:8443'])).errors).toContain('not localhost:8443.');
  });

  it('names the folder that holds no meeting', async () => {
    const { code, output, errors } = await run(['--meeting', join(folder, 'nowhere')]);
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(/^No meeting found in .*nowhere: .*meeting\.json cannot be read\.\n$/);
  });

  it('names the track that is missing', async () => {
    const { code, errors } = await run(['--meeting', await meetingFolder(script)]);
    expect(code).toBe(1);
    expect(errors).toMatch(/^The track of Ada is missing: .*ada\.flac cannot be read\.\n$/);
  });

  it('says what is wrong with a script', async () => {
    const complaint = async (meeting: unknown) => (await run(['--meeting', await meetingFolder(meeting)])).errors;
    expect(await complaint('{')).toContain('is not valid JSON.');
    expect(await complaint({ ...script, duration: -1 })).toContain('is not a meeting: duration:');
    expect(await complaint({ ...script, speakers: [{ name: 'Ada', file: '../ada.flac' }] })).toContain(
      'is not a meeting: speakers.0.file:',
    );
    expect(await complaint({ ...script, segments: [{ speaker: 'Ada', start: 2, end: 1, text: 'x' }] })).toContain(
      'ends before it begins',
    );
    expect(await complaint({ ...script, segments: [{ speaker: 'Bo', start: 0, end: 1, text: 'x' }] })).toContain(
      'Bo speaks but is not listed as a speaker.',
    );
    const withWords = (words: unknown) => complaint({ ...script, segments: [{ ...script.segments[0], words }] });
    expect(await withWords([])).toContain('segments.0: must have one pair of times for each word.');
    expect(await withWords([[0.4, 1]])).toContain(
      'segments.0: has words that are out of order or outside its own times.',
    );
    expect(await withWords([[1, 0.6]])).toContain(
      'segments.0: has words that are out of order or outside its own times.',
    );
    expect(await withWords([[0.6, 1]])).toContain('The track of Ada is missing');
  });

  it('says that an address answers no question about its model', async () => {
    const { code, errors } = await run(['--server', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(errors).toBe('http://127.0.0.1:1 does not answer like a Parley server. Is one running there?\n');
  });

  it('asks for a browser before it starts anything', async () => {
    const { code, output, errors } = await run([], { PARLEY_CHROMIUM: join(folder, 'no-browser') });
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(/^PARLEY_CHROMIUM is .*no-browser, which cannot be run\.\n$/);
  });
});
