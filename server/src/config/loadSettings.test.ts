import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadSettings, SettingsError } from './loadSettings.js';
import { settingsSchema } from './settings.js';
import { settingLeaves } from './settingsTree.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

function fileWith(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'parley-settings-')), 'parley.yaml');
  writeFileSync(path, content);
  return path;
}

/** Names with our prefix that a folder's sources read from the environment. */
function variablesIn(folder: string): string[] {
  return globSync(`${REPOSITORY}${folder}/**/*.{ts,mjs}`, {
    exclude: (name) => /(^|\/)(node_modules|dist)$/.test(name) || /\.test\.\w+$/.test(name),
  }).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /\benv\b/.test(line))
      .flatMap((line) => line.match(/\bPARLEY_[A-Z0-9_]+/g) ?? []),
  );
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error('the settings were taken');
}

describe('loadSettings', () => {
  test('gives every setting its default', () => {
    const settings = loadSettings();
    expect(settings).toMatchObject({ host: '127.0.0.1', port: 8443, lan: false, model: 'auto', mode: 'balanced' });
    expect(settings.tls.enabled).toBe(true);
    expect(settings.limits.participantsPerRoom).toBe(50);
  });

  test('lets flags win over the environment, and the environment over the file', () => {
    const file = fileWith('port: 1000\nmodel: from-file\nhost: 127.0.0.9\n');
    const settings = loadSettings({
      file,
      environment: { PARLEY_PORT: '2000', PARLEY_MODEL: 'from-environment' },
      flags: ['--port', '3000'],
    });
    expect(settings).toMatchObject({ port: 3000, model: 'from-environment', host: '127.0.0.9' });
  });

  test('reads nested keys, lists and switches from flags and variables', () => {
    const settings = loadSettings({
      environment: { PARLEY_LIMITS_ROOMS: '7', PARLEY_ORIGINS: 'https://a.example, https://b.example' },
      flags: ['--no-tls-enabled', '--media-port=0', '--lan'],
    });
    expect(settings.limits.rooms).toBe(7);
    expect(settings.origins).toEqual(['https://a.example', 'https://b.example']);
    expect(settings.tls.enabled).toBe(false);
    expect(settings.media.port).toBe(0);
    expect(settings.lan).toBe(true);
  });

  test('takes a flag with its value beside it or behind "=", says what is missing, and goes on with the flag behind it', () => {
    const problems = problemsOf(() =>
      loadSettings({ flags: ['--host', '--port=x', '--lan=maybe', '--no-port', '--log-level'] }),
    );
    expect(problems).toEqual([
      '--host needs a value.',
      '--port: "x" is not a number.',
      '--lan: "maybe" is not a boolean.',
      expect.stringMatching(/^--no-port is not a flag\./),
      '--log-level needs a value.',
    ]);
    expect(problemsOf(() => loadSettings({ flags: ['stray', '-p', '3', '--'] }))).toHaveLength(4);
    expect(loadSettings({ flags: ['--host=::1', '--lan=no', '--turn-ttl-s', '60'] })).toMatchObject({
      host: '::1',
      lan: false,
      turn: { ttlS: 60 },
    });
  });

  test('leaves speech settings that nobody gave to the mode', () => {
    expect(loadSettings().speech).toEqual({});
    expect(loadSettings({ flags: ['--speech-end-silence-ms', '700'] }).speech).toEqual({ endSilenceMs: 700 });
  });

  test('names all problems at once, each with its place', () => {
    const file = fileWith('prot: 1\nlimits:\n  rooms: many\n');
    const problems = problemsOf(() =>
      loadSettings({ file, environment: { PARLEY_PORT: '99999', PARLEY_DEVCE: 'x' }, flags: ['--lann', '--host'] }),
    );
    expect(problems).toHaveLength(6);
    expect(problems.join('\n')).toContain('PARLEY_DEVCE is not a setting. Did you mean PARLEY_DEVICE?');
    expect(problems.join('\n')).toContain('--lann is not a flag. Did you mean --lan?');
    expect(problems.join('\n')).toContain('--host needs a value.');
    expect(problems.join('\n')).toContain('prot is not a setting. Did you mean port?');
    expect(problems.some((problem) => problem.startsWith('limits.rooms:'))).toBe(true);
    expect(problems.some((problem) => problem.startsWith('PARLEY_PORT:'))).toBe(true);
  });

  test('refuses a certificate without its key, and files that are not there', () => {
    const problems = problemsOf(() => loadSettings({ flags: ['--tls-cert-file', '/nowhere/cert.pem'] }));
    expect(problems).toEqual([
      'tls.certFile and tls.keyFile belong together: give both or none.',
      'tls.certFile: there is no file at /nowhere/cert.pem.',
    ]);
  });

  test('H18 refuses http to an identity provider on another machine, unless the settings allow it', () => {
    for (const flag of ['--keycloak-url', '--keycloak-internal-url']) {
      const flags = [flag, 'http://id.example'];
      expect(problemsOf(() => loadSettings({ flags }))).toEqual([
        `${flag}: http is not encrypted: use https, or set keycloak.allowHttp if you trust the network between this server, the browsers and Keycloak.`,
      ]);
      expect(() => loadSettings({ flags: [...flags, '--keycloak-allow-http'] })).not.toThrow();
    }
    for (const url of ['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080', 'https://id.example']) {
      expect(loadSettings({ flags: ['--keycloak-url', url] }).keycloak).toMatchObject({ url, allowHttp: false });
    }
    expect(() => settingsSchema.parse({ keycloak: { url: 'http://127.0.0.1.evil.example' } })).toThrow('not encrypted');
  });

  test('refuses an announced address that is none', () => {
    expect(problemsOf(() => loadSettings({ flags: ['--media-announced-address', 'not an address'] }))).toHaveLength(1);
    expect(loadSettings({ flags: ['--media-announced-address', '203.0.113.7'] }).media.announcedAddress).toBe(
      '203.0.113.7',
    );
  });

  test('says what is wrong with a file that is no YAML or not there', () => {
    expect(problemsOf(() => loadSettings({ file: fileWith('a: [1') }))).toHaveLength(1);
    expect(problemsOf(() => loadSettings({ file: '/nowhere/parley.yaml' }))[0]).toContain('/nowhere/parley.yaml');
    expect(problemsOf(() => loadSettings({ file: fileWith('- a') }))[0]).toContain('map of names and values');
  });

  test('leaves variables alone that are not settings', () => {
    expect(() => loadSettings({ environment: { PARLEY_CHROMIUM: '/x', HOME: '/y' } })).not.toThrow();
  });

  test('stops for no variable that anything else in this repository reads', () => {
    const names = new Set(
      ['bootstrap', 'native', 'media/src', 'client-sdk/examples', 'demo/src', 'bench/src', 'test'].flatMap(variablesIn),
    );
    expect(names).toContain('PARLEY_FIREFOX');
    expect(names).toContain('PARLEY_URL');
    for (const name of names) {
      const leaf = settingLeaves().find(({ variable }) => variable === name);
      if (leaf === undefined) expect(() => loadSettings({ environment: { [name]: 'x' } }), name).not.toThrow();
    }
  });

  test('takes mode, speech and hot words of single rooms from the file, and from there alone', () => {
    const file = fileWith(
      'speech:\n  hotWords: [Parley]\nrooms:\n  support:\n    mode: fast\n    speech:\n      endSilenceMs: 400\n    hotWords: [Ada]\n',
    );
    expect(loadSettings({ file }).rooms).toEqual({
      support: { mode: 'fast', speech: { endSilenceMs: 400 }, hotWords: ['Ada'] },
    });
    expect(problemsOf(() => loadSettings({ flags: ['--rooms', '{}'] }))).toEqual([
      '--rooms: rooms can only be set in the settings file.',
    ]);
    expect(problemsOf(() => loadSettings({ file: fileWith('rooms:\n  "no spaces": {}\n') }))).toHaveLength(1);
    expect(
      problemsOf(() => loadSettings({ file: fileWith('rooms:\n  a:\n    speech:\n      beamSize: 99\n') }))[0],
    ).toMatch(/^rooms\.a\.speech\.beamSize: /);
  });

  test('refuses the mode recording with a sentence, for the server and for a room', () => {
    expect(problemsOf(() => loadSettings({ flags: ['--mode', 'recording'] }))).toEqual([
      '--mode: the mode recording is not available until recording exists; choose one of accurate, balanced, fast.',
    ]);
    expect(problemsOf(() => loadSettings({ file: fileWith('rooms:\n  a: { mode: recording }\n') }))[0]).toMatch(
      /^rooms\.a\.mode: the mode recording is not available/,
    );
  });

  test('sees thresholds that contradict each other once modes, rooms and defaults are put together', () => {
    const problem = 'vadNegativeThreshold: must not be above vadThreshold.';
    expect(problemsOf(() => loadSettings({ flags: ['--speech-vad-threshold', '0.3'] }))).toEqual([`speech.${problem}`]);
    const room = fileWith('rooms:\n  a:\n    speech: { vadThreshold: 0.2 }\n  b:\n    speech: { beamSize: 2 }\n');
    expect(problemsOf(() => loadSettings({ file: room }))).toEqual([`rooms.a.speech.${problem}`]);
    const both = ['--speech-vad-threshold', '0.3', '--speech-vad-negative-threshold', '0.2'];
    expect(loadSettings({ flags: both }).speech.vadThreshold).toBe(0.3);
  });

  test('takes the wake word models all or none, and only files that are there', () => {
    const model = fileWith('onnx');
    expect(problemsOf(() => loadSettings({ flags: ['--wake-word-mel-model', model] }))[0]).toContain(
      'belong together: give all or none',
    );
    const flags = ['--wake-word-mel-model', model, '--wake-word-embedding-model', model];
    expect(
      problemsOf(() => loadSettings({ flags: [...flags, '--wake-word-classifier-models', `${model},/nowhere.onnx`] })),
    ).toEqual(['wakeWord.classifierModels.1: there is no file at /nowhere.onnx.']);
    const taken = loadSettings({ flags: [...flags, '--wake-word-classifier-models', model] });
    expect(taken.wakeWord).toEqual({ models: [], melModel: model, embeddingModel: model, classifierModels: [model] });
  });

  test('takes published wake words by name, and names all of them when one is unknown', () => {
    expect(loadSettings({ flags: ['--wake-word-models', 'alexa,hey_jarvis'] }).wakeWord).toEqual({
      models: ['alexa', 'hey_jarvis'],
      classifierModels: [],
    });
    expect(problemsOf(() => loadSettings({ environment: { PARLEY_WAKE_WORD_MODELS: 'alexa,timer' } }))).toEqual([
      'wakeWord.models.1: "timer" is not a published wake word; choose from alexa, hey_jarvis, hey_marvin, hey_mycroft.',
    ]);
  });

  test('adds classifiers of one’s own to published wake words, but no other files to hear both through', () => {
    const own = fileWith('onnx');
    const published = ['--wake-word-models', 'alexa'];
    const both = loadSettings({ flags: [...published, '--wake-word-classifier-models', own] });
    expect(both.wakeWord).toEqual({ models: ['alexa'], classifierModels: [own] });
    for (const [flag, setting] of [
      ['--wake-word-mel-model', 'wakeWord.melModel'],
      ['--wake-word-embedding-model', 'wakeWord.embeddingModel'],
    ] as const) {
      expect(problemsOf(() => loadSettings({ flags: [...published, flag, own] }))).toEqual([
        `${setting}: ${own} is not the file that the words of wakeWord.models need. Leave ${setting} out if wakeWord.classifierModels also works with the published one; otherwise leave wakeWord.models out.`,
      ]);
      expect(problemsOf(() => loadSettings({ flags: [...published, flag, '/nowhere.onnx'] }))).toEqual([
        `${setting}: there is no file at /nowhere.onnx.`,
      ]);
    }
  });

  test('keeps the metrics to this machine and asks for no short token', () => {
    expect(loadSettings().metrics).toEqual({ enabled: false });
    expect(problemsOf(() => loadSettings({ environment: { PARLEY_METRICS_TOKEN: 'short' } }))).toHaveLength(1);
  });
});
