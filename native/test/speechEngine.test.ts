import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSpeechEngine, type SpeechEngine, type TranscribeResult } from '../lib/index.js';
import { audioContextFor, builtInOptions, job } from './support/builtInModel.js';
import { decodeAll, utterance } from './support/fixtures.js';

// A busy machine takes seconds where an idle one takes one.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const RATE = 16_000;
const english = utterance('en-01');
const question = utterance('en-04');
const german = utterance('de-12');
const pcm = { english: decodeAll(english), question: decodeAll(question), german: decodeAll(german) };
/** Half a minute through the full window with eight beams: seconds of work. */
const longJob = () => {
  const samples = new Int16Array(30 * RATE);
  for (let at = 0; at + pcm.english.length < samples.length; at += pcm.english.length) samples.set(pcm.english, at);
  return job(samples, { audioContext: 0, beamSize: 8 });
};

/** All of a result that must not depend on the machine's mood. */
function meaning({ timings: _timings, ...rest }: TranscribeResult) {
  return rest;
}

describe('one engine', () => {
  let engine: SpeechEngine;
  beforeAll(async () => {
    engine = await createSpeechEngine(builtInOptions({ lanes: 2 }));
  });
  afterAll(() => engine.close());

  it('says what it is', () => {
    expect(engine.info).toMatchObject({ device: 'cpu', multilingual: true, modelType: 'tiny' });
    const { languages, ...capabilities } = engine.capabilities;
    expect(capabilities).toEqual({ maxJobs: 2, maxBatch: 1, words: true, interims: true, longestWindowMs: 30_000 });
    expect(languages).toHaveLength(99);
    expect(languages).toEqual(expect.arrayContaining(['de', 'en', 'haw', 'zh']));
    expect(languages).not.toContain('yue');
    expect(engine.info.engineVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(engine.info.deviceName).not.toBe('');
    expect(engine.info.fallbackReason).toBeUndefined();
    expect(engine.info.loadMs).toBeGreaterThan(0);
  });

  it.each([
    ['en', english, pcm.english],
    ['en', question, pcm.question],
    ['de', german, pcm.german],
  ] as const)('transcribes %s speech word for word', async (language, spoken, samples) => {
    const result = await engine.transcribe(job(samples, { language }));
    expect(result.text).toBe(spoken.text);
    expect(result).toMatchObject({ language, languageProbability: 1, sanitizedSamples: 0 });
    expect(result.noSpeechProbability).toBeLessThan(0.01);
    expect(result.meanLogProbability).toBeGreaterThan(-0.5);
    expect(result.meanLogProbability).toBeLessThan(0);
    expect(result.tokens).toBeGreaterThan(5);
    expect(result).not.toHaveProperty('words');
  });

  it('takes 32-bit samples as well', async () => {
    const samples = Float32Array.from(pcm.english, (sample) => sample / 32_768);
    expect((await engine.transcribe(job(samples))).text).toBe(english.text);
  });

  it('measures where the time goes', async () => {
    const { timings } = await engine.transcribe(job(pcm.english));
    expect(timings.melMs).toBeGreaterThan(0);
    expect(timings.encodeMs).toBeGreaterThan(timings.melMs);
    expect(timings.decodeMs).toBeGreaterThan(0);
    expect(timings.melMs + timings.encodeMs + timings.decodeMs).toBeLessThan(timings.totalMs + 1);
  });

  it('hears silence as no speech', async () => {
    const result = await engine.transcribe(job(new Int16Array(2 * RATE)));
    expect(result.noSpeechProbability).toBeGreaterThan(0.9);
    expect(result.text === '' ? -2 : result.meanLogProbability).toBeLessThan(-1);
  });

  it.each([
    ['no beam', 1],
    ['five beams', 5],
  ])('leaves it to the caller what is no speech, with %s', async (_, beamSize) => {
    const strict = { noSpeechThreshold: 0, logProbabilityThreshold: 0, beamSize };
    expect((await engine.transcribe(job(pcm.english, strict))).text).toBe(english.text);
  });

  it('keeps the likeliest text where no other temperature does better', async () => {
    const never = { logProbabilityThreshold: 0, noSpeechThreshold: 1, temperatureIncrement: 0.5 };
    const once = await engine.transcribe(job(pcm.english, { words: true }));
    const tried = await engine.transcribe(job(pcm.english, { ...never, words: true }));
    expect(meaning(tried)).toEqual(meaning(once));
    expect(tried.timings.decodeMs).toBeGreaterThan(once.timings.decodeMs);
  });

  it('says whether a text has reached its end', async () => {
    const whole = await engine.transcribe(job(pcm.english));
    expect(whole).not.toHaveProperty('truncated');
    for (const maxTokens of [1, 2, whole.tokens - 1]) {
      expect(await engine.transcribe(job(pcm.english, { maxTokens }))).toMatchObject({ truncated: true });
    }
    expect(await engine.transcribe(job(pcm.english, { maxTokens: whole.tokens + 1 }))).not.toHaveProperty('truncated');
  });

  it('says how likely a text is without its prompt, where the prompt has all its words', async () => {
    const echoed = await engine.transcribe(job(pcm.english, { prompt: english.text.toLowerCase() }));
    expect(echoed.text).not.toBe('');
    if (echoed.text === english.text) {
      expect(echoed.unpromptedLogProbability).toBeGreaterThan(-0.5);
      expect(echoed.unpromptedLogProbability).toBeLessThan(0);
    }
    for (const prompt of ['', 'Entirely other words.']) {
      expect(await engine.transcribe(job(pcm.english, { prompt }))).not.toHaveProperty('unpromptedLogProbability');
    }
  });

  it('detects the language when asked, with its probability', async () => {
    const result = await engine.transcribe(job(pcm.german, { language: 'auto' }));
    expect(result).toMatchObject({ text: german.text, language: 'de' });
    expect(result.languageProbability).toBeGreaterThan(0.8);
    expect(result.languageProbability).toBeLessThanOrEqual(1);
  });

  it('detects one of the languages that are named, with its share of their probability', async () => {
    const some = await engine.transcribe(job(pcm.german, { language: 'auto', languages: ['de', 'en', 'es', 'fr'] }));
    expect(some).toMatchObject({ text: german.text, language: 'de' });
    expect(some.languageProbability).toBeGreaterThan(0.8);
    const others = await engine.transcribe(job(pcm.german, { language: 'auto', languages: ['es', 'fr'] }));
    expect(['es', 'fr']).toContain(others.language);
    expect(others.languageProbability).toBeGreaterThanOrEqual(0.5);
    const one = await engine.transcribe(job(pcm.german, { language: 'auto', languages: ['fr'] }));
    expect(one).toMatchObject({ language: 'fr', languageProbability: 1 });
    // One that is asked for is not detected.
    const given = await engine.transcribe(job(pcm.german, { language: 'de', languages: ['fr'] }));
    expect(given).toMatchObject({ language: 'de', languageProbability: 1 });
  });

  it('keeps to the settled language unless another is likely enough, and then names that one', async () => {
    const auto = (switchProbability: number, language = 'en') =>
      engine.transcribe(job(pcm.german, { language: 'auto', settled: { language, switchProbability } }));
    const kept = await auto(1.1);
    expect(kept).toMatchObject({ language: 'en', likelier: { language: 'de' } });
    const probability = kept.likelier?.probability ?? 0;
    expect(probability).toBeGreaterThan(0.8);
    expect(probability + kept.languageProbability).toBeLessThanOrEqual(1.0001);
    const switched = await auto(probability / 2);
    expect(switched).toMatchObject({ text: german.text, language: 'de' });
    expect(switched.likelier).toBeUndefined();
    expect((await auto(1.1, 'de')).likelier).toBeUndefined();
  });

  it('runs the encoder once for detection and decoding together, with the same result', async () => {
    const encodeMs = { de: Number.POSITIVE_INFINITY, auto: Number.POSITIVE_INFINITY };
    const results: Record<string, unknown> = {};
    for (let round = 0; round < 5; round++) {
      for (const language of ['de', 'auto'] as const) {
        const result = await engine.transcribe(job(pcm.german, { language, audioContext: 0 }));
        encodeMs[language] = Math.min(encodeMs[language], result.timings.encodeMs);
        results[language] = { ...meaning(result), languageProbability: 1 };
      }
    }
    expect(encodeMs.auto).toBeLessThan(encodeMs.de * 1.7);
    expect(results.auto).toEqual(results.de);
  });

  it('gives words with times in order and inside the audio', async () => {
    const { words = [], text } = await engine.transcribe(job(pcm.english, { words: true }));
    expect(words.map((word) => word.text).join(' ')).toBe(text);
    expect(text).toBe(english.text);
    let before = 0;
    for (const word of words) {
      expect(word.startMs).toBeGreaterThanOrEqual(before);
      expect(word.endMs).toBeGreaterThanOrEqual(word.startMs);
      expect(word.probability).toBeGreaterThan(0);
      expect(word.probability).toBeLessThanOrEqual(1);
      before = word.endMs;
    }
    expect(before).toBeLessThanOrEqual((pcm.english.length / RATE) * 1_000);
    expect(before).toBeGreaterThan(2_000);
  });

  it.each([
    'zh',
    'ja',
    'th',
  ])('divides a text by its own script and not by the language that is asked for: %s', async (language) => {
    const { words = [], text } = await engine.transcribe(job(pcm.english, { language, words: true }));
    expect(text).toMatch(/^[ -~]{10,}$/);
    expect(words.map((word) => word.text).join(' ')).toBe(text);
  });

  it('keeps to the token limit and never splits a character', async () => {
    const whole = await engine.transcribe(job(pcm.german, { language: 'de' }));
    for (let maxTokens = 1; maxTokens <= whole.tokens; maxTokens++) {
      const result = await engine.transcribe(job(pcm.german, { language: 'de', maxTokens }));
      expect(result.tokens).toBeLessThanOrEqual(maxTokens);
      expect(whole.text.startsWith(result.text)).toBe(true);
      expect(result.text).not.toContain('\uFFFD');
    }
  });

  it('decodes with beams', async () => {
    expect((await engine.transcribe(job(pcm.english, { beamSize: 5 }))).text).toBe(english.text);
  });

  it('uses the end of a prompt that is too long', async () => {
    const end = 'Please review the contract. '.repeat(300);
    const withPrompt = async (prompt: string) => meaning(await engine.transcribe(job(pcm.english, { prompt })));
    const cut = await withPrompt(end);
    expect(await withPrompt(`Entirely other words. ${end}`)).toEqual(cut);
    expect(await withPrompt(`${end} Entirely other words.`)).not.toEqual(cut);
  });

  it.each([
    0, 1, 160, 200, 201, 479, 15_999,
  ])('takes audio of %i samples as the beginning of a silent second', async (length) => {
    const audio = pcm.english.slice(0, length);
    const second = new Int16Array(RATE);
    second.set(audio);
    const result = await engine.transcribe(job(audio));
    expect(result.text.split(' ').length).toBeLessThan(3);
    const { audioContext } = job(audio);
    expect(meaning(result)).toEqual(meaning(await engine.transcribe(job(second, { audioContext }))));
  });

  it('mends samples that are no numbers or out of range, and counts them', async () => {
    const samples = Float32Array.from(pcm.english, (sample) => sample / 32_768);
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5, -2].forEach((value, i) => {
      samples[i] = value;
    });
    const result = await engine.transcribe(job(samples));
    expect(result.sanitizedSamples).toBe(5);
    expect(result.text).toBe(english.text);
    const nothing = await engine.transcribe(job(new Float32Array(RATE).fill(Number.NaN)));
    expect(nothing.sanitizedSamples).toBe(RATE);
    expect(nothing.noSpeechProbability).toBeGreaterThan(0.9);
  });

  it.each([
    ['a language it does not know', { language: 'xx' }],
    ['a language by its name', { language: 'german' }],
    ['a language to detect that it does not know', { language: 'auto', languages: ['en', 'xx'] }],
    [
      'a settled language that it does not know',
      { language: 'auto', settled: { language: 'xx', switchProbability: 1 } },
    ],
    ['a probability below 0', { language: 'auto', settled: { language: 'en', switchProbability: -1 } }],
    ['a probability that is none', { language: 'auto', settled: { language: 'en', switchProbability: Number.NaN } }],
    ['a language to detect that its vocabulary has no token for', { language: 'auto', languages: ['en', 'yue'] }],
    ['a window beyond the model', { audioContext: 1_501 }],
    ['no beams', { beamSize: 0 }],
    ['nine beams', { beamSize: 9 }],
    ['no tokens', { maxTokens: 0 }],
    ['a negative temperature', { temperature: -0.1 }],
    ['a no-speech threshold over 1', { noSpeechThreshold: 1.1 }],
    ['a log-probability over 0', { logProbabilityThreshold: 0.1 }],
    ['an entropy that is no number', { entropyThreshold: Number.NaN }],
    ['a draft of 225 tokens', { draft: new Array(225).fill(7) }],
    ['a token below 0', { draft: [7, -1] }],
    ['half a token', { draft: [7.5] }],
    ['a draft that is text', { draft: 'Hello.' as unknown as number[] }],
    ['audio over 30 s', { pcm: new Int16Array(30 * RATE + 1) }],
    ['8-bit audio', { pcm: new Uint8Array(RATE) as unknown as Int16Array }],
  ])('refuses %s', async (_what, changes) => {
    await expect(engine.transcribe(job(pcm.english, changes))).rejects.toMatchObject({
      name: 'NativeError',
      code: 'NATIVE_INVALID_ARGUMENT',
    });
  });

  it('refuses one job more than it has lanes, without harm to the others', async () => {
    const all = [pcm.english, pcm.question].map((samples) => engine.transcribe(job(samples)));
    await expect(engine.transcribe(job(pcm.question))).rejects.toMatchObject({ code: 'NATIVE_ENGINE_BUSY' });
    expect((await Promise.all(all)).map(({ text }) => text)).toEqual([english.text, question.text]);
  });

  it('takes the next job when an answer arrives, also after one that it refused or gave up', async () => {
    const beside = engine.transcribe(job(pcm.english));
    await engine.transcribe(job(pcm.question));
    await expect(engine.transcribe(job(pcm.question, { beamSize: 0 }))).rejects.toThrow();
    await expect(engine.transcribe({ ...longJob(), timeoutMs: 20 })).rejects.toMatchObject({ code: 'NATIVE_ABORTED' });
    expect((await engine.transcribe(job(pcm.question))).text).toBe(question.text);
    expect((await beside).text).toBe(english.text);
  });

  it('stops the job that is given up, and no other', async () => {
    const giveUp = new AbortController();
    const running = engine.transcribe(longJob(), { signal: giveUp.signal });
    const beside = engine.transcribe(job(pcm.english));
    giveUp.abort();
    await expect(running).rejects.toMatchObject({ name: 'NativeError', code: 'NATIVE_ABORTED' });
    expect((await engine.transcribe(job(pcm.question))).text).toBe(question.text);
    expect((await beside).text).toBe(english.text);
  });

  it('stops a job in the middle of the encoder when its time is over', async () => {
    const over: string[] = [];
    const stopped = expect(engine.transcribe({ ...longJob(), timeoutMs: 20 }))
      .rejects.toMatchObject({ code: 'NATIVE_ABORTED' })
      .then(() => over.push('stopped'));
    // Its encoder has a third as much to do, and its decoder one step: it would be first if the other's encoder came to its end.
    const shorter = job(longJob().pcm.slice(0, 10 * RATE), { audioContext: 500, maxTokens: 1 });
    await Promise.all([stopped, engine.transcribe(shorter).then(() => over.push('shorter'))]);
    expect(over).toEqual(['stopped', 'shorter']);
    const inTime = await engine.transcribe(job(pcm.question, { timeoutMs: 60_000 }));
    expect(inTime.text).toBe(question.text);
  });

  it('does not begin what was given up before, and does not stop another job for one that is over', async () => {
    const giveUp = new AbortController();
    const { signal } = giveUp;
    expect((await engine.transcribe(job(pcm.question), { signal })).text).toBe(question.text);
    const next = engine.transcribe(job(pcm.question));
    giveUp.abort();
    expect((await next).text).toBe(question.text);
    await expect(engine.transcribe(job(pcm.question), { signal })).rejects.toMatchObject({ code: 'NATIVE_ABORTED' });
  });

  it('gives on two lanes at once what it gives one after the other', async () => {
    const serial = [
      await engine.transcribe(job(pcm.english)),
      await engine.transcribe(job(pcm.german, { language: 'auto' })),
    ];
    for (let round = 0; round < 3; round++) {
      const together = await Promise.all([
        engine.transcribe(job(pcm.english)),
        engine.transcribe(job(pcm.german, { language: 'auto' })),
      ]);
      expect(together.map(meaning)).toEqual(serial.map(meaning));
    }
  });
});

describe('the history of a lane', () => {
  it('leaves no trace in the next result', async () => {
    const short = pcm.question.slice(0, 2 * RATE);
    const changes = { audioContext: audioContextFor(short.length) };
    const fresh = await createSpeechEngine(builtInOptions());
    const expected = meaning(await fresh.transcribe(job(short, changes)));
    await fresh.close();

    const used = await createSpeechEngine(builtInOptions());
    await used.transcribe(job(pcm.english, { audioContext: 0, beamSize: 5 }));
    await used.transcribe(job(pcm.german, { language: 'auto', words: true }));
    await used.transcribe(job(new Int16Array(RATE), { temperature: 0.8, temperatureIncrement: 0.2 }));
    expect(meaning(await used.transcribe(job(short, changes)))).toEqual(expected);
    await used.close();
  });
});

describe('several threads', () => {
  it('give the same words', async () => {
    const engine = await createSpeechEngine(builtInOptions({ threadsPerLane: 2 }));
    expect((await engine.transcribe(job(pcm.english))).text).toBe(english.text);
    await expect(engine.transcribe({ ...longJob(), timeoutMs: 20 })).rejects.toMatchObject({
      code: 'NATIVE_ABORTED',
    });
    expect((await engine.transcribe(job(pcm.question))).text).toBe(question.text);
    await engine.close();
  });
});

describe('closing', () => {
  let engine: SpeechEngine;
  afterEach(() => engine.close());

  it('ends a running job with an error, refuses later ones and may be repeated', async () => {
    engine = await createSpeechEngine(builtInOptions({ lanes: 2 }));
    const running = [engine.transcribe(longJob()), engine.transcribe(longJob())];
    const settled = Promise.allSettled(running);
    await Promise.all([engine.close(), engine.close()]);
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NATIVE_ENGINE_CLOSED' } });
    }
    await expect(engine.transcribe(job(pcm.english))).rejects.toMatchObject({ code: 'NATIVE_ENGINE_CLOSED' });
  });

  it('of one engine leaves another at work', async () => {
    engine = await createSpeechEngine(builtInOptions());
    const other = await createSpeechEngine(builtInOptions());
    await other.close();
    expect((await engine.transcribe(job(pcm.question))).text).toBe(question.text);
  });
});

describe('an engine that cannot be made', () => {
  it.each([
    ['lanes', { lanes: 0 }],
    ['lanes', { lanes: 9 }],
    ['threadsPerLane', { threadsPerLane: 65 }],
    ['device', { device: 'tpu' as 'cpu' }],
  ])('names the wrong option: %s', async (name, changes) => {
    await expect(createSpeechEngine(builtInOptions(changes))).rejects.toMatchObject({
      code: 'NATIVE_INVALID_ARGUMENT',
      message: expect.stringContaining(name),
    });
  });

  it('says so when the model is not there', async () => {
    await expect(createSpeechEngine(builtInOptions({ modelPath: '/nowhere/model.bin' }))).rejects.toMatchObject({
      code: 'NATIVE_MODEL_UNREADABLE',
      message: expect.stringContaining('/nowhere/model.bin'),
    });
  });
});

describe('a wanted GPU that is not there', () => {
  it('is told, and the CPU does the work', async () => {
    const engine = await createSpeechEngine(builtInOptions({ device: 'cuda' }));
    const { device, fallbackReason } = engine.info;
    await engine.close();
    // On a machine with a GPU there is nothing to fall back from.
    if (device === 'cuda') expect(fallbackReason).toBeUndefined();
    else expect(fallbackReason).toMatch(/CUDA|NVIDIA/);
  });
});
