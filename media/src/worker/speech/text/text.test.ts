import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPrompt } from './buildPrompt.js';
import { endsSentence, sentenceBoundaries } from './endsSentence.js';
import { finishText } from './finishText.js';
import { HotWordList } from './HotWordList.js';
import { LanguageTracker } from './LanguageTracker.js';

describe('endsSentence', () => {
  it.each([
    'It is done.',
    'Really?',
    'Stop!',
    'He said "no."',
    '好的。',
    'هل انتهيت؟',
    'Yes, I.',
  ])('takes "%s" for the end', (text) => {
    expect(endsSentence(text)).toBe(true);
  });

  it.each([
    'and then',
    'on Thursday,',
    'Mr.',
    'that is, e.g.',
    'in the U.S.',
    'J.',
    'well...',
    'well…',
    '',
  ])('takes "%s" for something that goes on', (text) => {
    expect(endsSentence(text)).toBe(false);
  });

  it('finds the words after which sentences end', () => {
    expect(sentenceBoundaries(['Ask', 'Mr.', 'Smith.', 'Is', 'it', '3.5', 'percent?', 'Yes'])).toEqual([2, 6]);
  });
});

describe('finishText', () => {
  const whole = { startsSentence: true, endsSentence: true, startUppercase: true, endPeriod: true, language: 'en' };

  it('gives a sentence its capital letter and its full stop', () => {
    expect(finishText('we are here', whole)).toBe('We are here.');
    expect(finishText('élan vital', { ...whole, language: 'fr' })).toBe('Élan vital.');
    expect(finishText('¿qué tal', { ...whole, language: 'es' })).toBe('¿Qué tal.');
  });

  it('puts no second mark behind one, and none where a language uses none', () => {
    expect(finishText('are we here?', whole)).toBe('Are we here?');
    expect(finishText('he said "no."', whole)).toBe('He said "no."');
    expect(finishText('今天', { ...whole, language: 'zh' })).toBe('今天。');
    expect(finishText('สวัสดี', { ...whole, language: 'th' })).toBe('สวัสดี');
  });

  it('leaves words alone that are written with a small first letter', () => {
    expect(finishText('iPhone sales grew', whole)).toBe('iPhone sales grew.');
  });

  it('joins parts of a cut sentence without a stop or a capital letter between them', () => {
    expect(finishText('We moved the data.', { ...whole, endsSentence: false })).toBe('We moved the data');
    expect(finishText('And the server is stable.', { ...whole, startsSentence: false })).toBe(
      'and the server is stable.',
    );
    expect(finishText('Robert will call.', { ...whole, startsSentence: false })).toBe('Robert will call.');
    expect(finishText('I think so.', { ...whole, startsSentence: false })).toBe('I think so.');
  });

  it('goes on after a cut as it was written within the sentence, where it is the same word', () => {
    const after = { ...whole, startsSentence: false };
    expect(finishText('Demand increased.', { ...after, opening: 'demand' })).toBe('demand increased.');
    expect(finishText('Demand increased.', { ...after, opening: 'Demand,' })).toBe('Demand increased.');
    expect(finishText('Aber wir gehen.', { ...after, language: 'de', opening: 'aber' })).toBe('aber wir gehen.');
    expect(finishText('Aber wir gehen.', { ...after, language: 'de', opening: 'oder' })).toBe('Aber wir gehen.');
    expect(finishText('The end.', { ...after, opening: 'a' })).toBe('the end.');
  });

  it('keeps a question at a cut, which nobody writes by habit', () => {
    expect(finishText('Is it?', { ...whole, endsSentence: false })).toBe('Is it?');
  });

  it('does neither when told so', () => {
    expect(finishText('we are here', { ...whole, startUppercase: false, endPeriod: false })).toBe('we are here');
  });
});

describe('buildPrompt', () => {
  it('puts the prompt first, then hot words, then what was said before', () => {
    expect(buildPrompt({ prompt: 'A review.', hotWords: ['Keycloak', 'Parley'], previousText: 'and then we' })).toBe(
      'A review. Keycloak, Parley. and then we',
    );
    expect(buildPrompt({ prompt: '', hotWords: [] })).toBe('');
  });

  it('drops hot words from the end of the list, whole, when the budget is used up', () => {
    const hotWords = Array.from({ length: 300 }, (_, index) => `word${index}`);
    const prompt = buildPrompt({ prompt: '', hotWords });
    expect(Buffer.byteLength(prompt)).toBeLessThanOrEqual(224 * 3);
    expect(prompt.startsWith('word0, word1, ')).toBe(true);
    expect(prompt).toMatch(/word\d+\.$/);
    expect(hotWords).toContain(prompt.slice(prompt.lastIndexOf(' ') + 1, -1));
  });

  it('keeps the newest of what was said before', () => {
    const prompt = buildPrompt({ prompt: '', hotWords: [], previousText: 'old words and new ones', tokenBudget: 5 });
    expect(prompt).toBe('and new ones');
  });

  it('takes control characters and doubles out: hot words come from people', () => {
    expect(buildPrompt({ prompt: '', hotWords: ['a\u0000b\nc', 'Anna', 'ANNA', ' '] })).toBe('a b c, Anna.');
  });
});

describe('HotWordList', () => {
  it('puts the rarest first, and of these the first of the list', () => {
    const list = new HotWordList();
    list.replace(['Keycloak', 'Parley', 'mediasoup']);
    expect(list.ordered).toEqual(['Keycloak', 'Parley', 'mediasoup']);
    list.countUses('We use Keycloak, and mediasoup.');
    expect(list.ordered).toEqual(['Parley', 'Keycloak', 'mediasoup']);
  });

  it('keeps counts of words that stay and takes new ones for newer', () => {
    const list = new HotWordList();
    list.replace(['Keycloak', 'Parley']);
    list.countUses('Keycloak');
    list.replace(['Redis', 'Parley', 'Keycloak']);
    expect(list.ordered).toEqual(['Redis', 'Parley', 'Keycloak']);
  });

  it('is bounded', () => {
    const list = new HotWordList();
    list.replace(Array.from({ length: 2_000 }, (_, index) => `w${index}`));
    expect(list.ordered).toHaveLength(500);
  });
});

describe('LanguageTracker', () => {
  const auto = { language: 'auto', languages: [] as string[], languageDetectionMs: 3_000, languageProbability: 0.6 };
  const final = (language: string, probability: number, speechMs: number) => ({ language, probability, speechMs });
  const settledOnEnglish = () => {
    const tracker = new LanguageTracker(auto);
    tracker.observe(final('en', 0.98, 4_000));
    return tracker;
  };
  /** Like an engine that detects a language. */
  const hear = (
    tracker: LanguageTracker,
    { language, probability, speechMs }: { language: string; probability: number; speechMs: number },
  ) => {
    const { settled } = tracker.request(speechMs);
    if (settled === undefined || settled.language === language || probability >= settled.switchProbability) {
      return { written: language, ...tracker.observe(final(language, probability, speechMs)) };
    }
    const likelier = { language, probability };
    const detection = { ...final(settled.language, 1 - probability, speechMs), likelier };
    return { written: settled.language, ...tracker.observe(detection) };
  };

  it('takes nothing from an answer that was asked for before the language changed, and kept to the old one', () => {
    const tracker = settledOnEnglish();
    expect(tracker.observe(final('de', 0.97, 5_000))).toMatchObject({ settled: { language: 'de' } });
    const outdated = { ...final('en', 0.3, 900), likelier: { language: 'de', probability: 0.7 } };
    expect(tracker.observe(outdated)).toEqual({});
    expect(tracker.settled).toBe('de');
  });

  it('asks for the language that was set', () => {
    const tracker = new LanguageTracker({ ...auto, language: 'de' });
    expect(tracker.request(5_000)).toEqual({ language: 'de', languages: [] });
    expect(tracker.observe(final('en', 1, 10_000))).toEqual({});
    expect(tracker.request(5_000)).toEqual({ language: 'de', languages: [] });
  });

  it('settles on the language of the first seconds', () => {
    const tracker = new LanguageTracker(auto);
    expect(tracker.observe(final('en', 0.5, 1_000))).toEqual({});
    expect(tracker.request(5_000)).toEqual({ language: 'auto', languages: [] });
    const { settled } = tracker.observe(final('de', 0.9, 3_000));
    expect(settled?.language).toBe('de');
    expect(settled?.probability).toBeCloseTo(0.675);
    expect(tracker.request(5_000)).toMatchObject({ language: 'auto', settled: { language: 'de' } });
    expect(tracker.spoken).toBe('de');
  });

  it('waits while it is unsure, but not for ever', () => {
    const tracker = new LanguageTracker(auto);
    expect(tracker.observe(final('en', 0.4, 4_000))).toEqual({});
    expect(tracker.observe(final('en', 0.4, 12_000)).settled?.language).toBe('en');
  });

  it('follows a sentence in another language at once, and back again, and says so each time', () => {
    const tracker = settledOnEnglish();
    const there = hear(tracker, final('de', 0.97, 2_600));
    expect(there).toEqual({ written: 'de', settled: { language: 'de', probability: 0.97 } });
    expect(hear(tracker, final('de', 0.99, 5_000))).toEqual({ written: 'de' });
    const back = hear(tracker, final('en', 0.95, 2_600));
    expect(back).toEqual({ written: 'en', settled: { language: 'en', probability: 0.95 } });
  });

  it('keeps to its language through short answers, however sure the recogniser is of another one', () => {
    const tracker = settledOnEnglish();
    for (const language of ['de', 'ja', 'de']) {
      expect(hear(tracker, final(language, 0.99, 1_100))).toEqual({ written: 'en' });
      expect(hear(tracker, final('en', 0.9, 2_000))).toEqual({ written: 'en' });
    }
    for (const language of ['nn', 'ja', 'zh', 'nn', 'ja']) {
      expect(hear(tracker, final(language, 0.99, 1_100))).toEqual({ written: 'en' });
    }
  });

  it('follows short answers that are all in the same other language, from the third one on', () => {
    const tracker = settledOnEnglish();
    const answer = final('de', 0.9, 1_300);
    expect(hear(tracker, answer)).toEqual({ written: 'en' });
    expect(hear(tracker, answer)).toEqual({ written: 'en', settled: { language: 'de', probability: 0.9 } });
    expect(hear(tracker, answer)).toEqual({ written: 'de' });
  });

  it('follows an unsure sentence with the second one at the latest', () => {
    const tracker = settledOnEnglish();
    const unsure = final('de', 0.65, 2_600);
    expect(hear(tracker, unsure)).toEqual({ written: 'en' });
    expect(hear(tracker, unsure)).toMatchObject({ written: 'de', settled: { language: 'de' } });
  });

  it('is not moved by what no language is likely in, however long that goes on', () => {
    const tracker = settledOnEnglish();
    for (let i = 0; i < 20; i += 1) expect(hear(tracker, final('cy', 0.4, 5_000))).toEqual({ written: 'en' });
  });

  it('never asks for less than a likely language, and never for more of long speech than of short speech', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ probability: fc.double({ min: 0, max: 1, noNaN: true }), speechMs: fc.nat(28_000) })),
        fc.nat(28_000),
        fc.nat(28_000),
        (heard, a, b) => {
          const tracker = settledOnEnglish();
          for (const each of heard) hear(tracker, { language: 'de', ...each });
          const least = (audioMs: number) => tracker.request(audioMs).settled?.switchProbability ?? 0;
          expect(least(a)).toBeGreaterThanOrEqual(0.5);
          expect(least(Math.max(a, b))).toBeLessThanOrEqual(least(Math.min(a, b)));
        },
      ),
    );
  });

  it('finds the language anew in each utterance when asked so', () => {
    const tracker = new LanguageTracker({ ...auto, language: 'per-segment' });
    expect(tracker.observe(final('de', 1, 60_000))).toEqual({});
    expect(tracker.request(5_000)).toEqual({ language: 'auto', languages: [] });
    expect(tracker.spoken).toBe('de');
  });

  it('has the language found among those of the list alone', () => {
    const languages = ['de', 'en'];
    for (const language of ['auto', 'per-segment']) {
      expect(new LanguageTracker({ ...auto, language, languages }).request(5_000)).toEqual({
        language: 'auto',
        languages,
      });
    }
  });

  it('begins anew when the setting changes, or when a list leaves its language out', () => {
    const tracker = new LanguageTracker(auto);
    tracker.observe(final('de', 1, 5_000));
    tracker.update({ ...auto, languages: ['de', 'fr'] });
    expect(tracker.settled).toBe('de');
    tracker.update({ ...auto, languages: ['fr'] });
    expect(tracker.settled).toBeUndefined();
    tracker.observe(final('fr', 1, 5_000));
    tracker.update({ ...auto, language: 'de' });
    expect(tracker.request(5_000).language).toBe('de');
    tracker.update(auto);
    expect(tracker.request(5_000)).toEqual({ language: 'auto', languages: [] });
  });
});
