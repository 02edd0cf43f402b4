import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Segmenter, type SegmenterEvent, type SegmenterSettings } from './Segmenter.js';

const FRAME = 512;
const MS = 16;
const SETTINGS: SegmenterSettings = {
  vadThreshold: 0.5,
  vadNegativeThreshold: 0.35,
  preRollMs: 320,
  postRollMs: 288,
  minSpeechMs: 256,
  endpointing: 'fixed',
  endSilenceMs: 512,
  endSilenceSentenceMs: 256,
  endSilenceUnfinishedMs: 800,
  // Longer than all silences in the tests that are not about it.
  speculativeSilenceMs: 1_000,
  interimIntervalMs: 512,
  firstInterimMs: 512,
  maxSegmentMs: 28_000,
};

function setUp(overrides: Partial<SegmenterSettings> = {}) {
  const segmenter = new Segmenter({ ...SETTINGS, ...overrides });
  const events: SegmenterEvent[] = [];
  let frame = 0;
  /** Feeds this many frames of one probability (and loudness). */
  const feed = (frames: number, probability: number, rms = probability) => {
    for (let count = 0; count < frames; count += 1) {
      events.push(...segmenter.push({ startSample: frame * FRAME, samples: FRAME, probability, rms }));
      frame += 1;
    }
  };
  const types = () => events.map(({ type }) => type);
  const of = <T extends SegmenterEvent['type']>(type: T) =>
    events.filter((event): event is Extract<SegmenterEvent, { type: T }> => event.type === type);
  return { segmenter, events, feed, types, of };
}

describe('Segmenter', () => {
  it('makes one segment of one utterance, with pre-roll and post-roll', () => {
    const { feed, events } = setUp({ interimIntervalMs: 0 });
    feed(30, 0);
    feed(40, 0.9);
    feed(30, 0);
    expect(events).toEqual([
      { type: 'segmentOpened', startSample: 20 * FRAME },
      { type: 'speechStarted', atSample: 30 * FRAME },
      {
        type: 'segmentClosed',
        startSample: 20 * FRAME,
        endSample: 70 * FRAME + 288 * MS,
        speechEndSample: 70 * FRAME,
        cause: 'silence',
      },
      { type: 'speechEnded', atSample: 70 * FRAME },
    ]);
  });

  it('opens with the first frame of speech and closes with the frame that completes the silence', () => {
    const { segmenter, feed, of } = setUp();
    feed(5, 0);
    expect(segmenter.open).toBe(false);
    feed(1, 0.6);
    expect(segmenter.openSince).toBe(0);
    feed(20, 0.6);
    feed(15, 0);
    expect(of('segmentClosed')).toEqual([]);
    feed(1, 0);
    expect(of('segmentClosed')).toHaveLength(1);
    expect(segmenter.open).toBe(false);
  });

  it('confirms speech after minSpeechMs, and discards what is shorter', () => {
    const { feed, types } = setUp();
    feed(10, 0);
    feed(7, 0.9);
    feed(30, 0);
    expect(types()).toEqual(['segmentOpened', 'segmentDiscarded']);
    feed(8, 0.9);
    expect(types().slice(2)).toEqual(['segmentOpened', 'speechStarted']);
  });

  it('keeps what was discarded for the pre-roll of what follows', () => {
    const { feed, of } = setUp({ preRollMs: 2_000 });
    feed(10, 0);
    feed(4, 0.9);
    feed(20, 0);
    feed(20, 0.9);
    expect(of('segmentOpened').map(({ startSample }) => startSample)).toEqual([0, 0]);
  });

  it('lets frames between the thresholds go with what was before them', () => {
    const { feed, of } = setUp();
    feed(10, 0.4);
    expect(of('segmentOpened')).toEqual([]);
    feed(20, 0.9);
    feed(40, 0.4);
    expect(of('segmentClosed')).toEqual([]);
    feed(1, 0.1);
    feed(15, 0.4);
    expect(of('segmentClosed')).toMatchObject([{ speechEndSample: 70 * FRAME }]);
  });

  it('bridges a pause that is shorter than the end silence', () => {
    const { feed, of } = setUp();
    feed(20, 0.9);
    feed(15, 0);
    feed(20, 0.9);
    feed(20, 0);
    expect(of('segmentClosed')).toMatchObject([{ startSample: 0, speechEndSample: 55 * FRAME }]);
  });

  it('never lets a pre-roll reach into the segment before', () => {
    const { feed, of } = setUp({ preRollMs: 2_000, postRollMs: 288 });
    feed(20, 0.9);
    feed(17, 0);
    feed(20, 0.9);
    expect(of('segmentOpened')[1]?.startSample).toBe(of('segmentClosed')[0]?.endSample);
  });

  it('keeps no more post-roll than there was silence', () => {
    const { feed, of } = setUp({ postRollMs: 1_000, endSilenceMs: 320 });
    feed(20, 0.9);
    feed(10, 0);
    expect(of('segmentClosed')).toMatchObject([{ endSample: 30 * FRAME, speechEndSample: 20 * FRAME }]);
  });

  it('asks for the first interim early and for further ones at every interval of new speech', () => {
    const { feed, of } = setUp();
    feed(10, 0);
    feed(60, 0.9);
    const ends = of('interimDue').map(({ endSample }) => endSample / FRAME);
    // firstInterimMs, as is the interval, is 16 frames: 16 frames.
    expect(ends).toEqual([26, 42, 58]);
    expect(of('interimDue').every(({ startSample }) => startSample === 0)).toBe(true);
  });

  it('asks for no interim before speech is confirmed, in silence, or at an interval of 0', () => {
    const noise = setUp({ interimIntervalMs: 32, firstInterimMs: 0 });
    noise.feed(7, 0.9);
    expect(noise.of('interimDue')).toEqual([]);
    noise.feed(1, 0.9);
    expect(noise.of('interimDue')).toHaveLength(1);
    const before = noise.of('interimDue').length;
    noise.feed(15, 0);
    expect(noise.of('interimDue')).toHaveLength(before);
    const off = setUp({ interimIntervalMs: 0 });
    off.feed(200, 0.9);
    expect(off.of('interimDue')).toEqual([]);
  });

  it('cuts a monologue at its quietest point in the last third, without losing or doubling a sample', () => {
    const { feed, of, types } = setUp({ maxSegmentMs: 3_200, interimIntervalMs: 0 });
    feed(20, 0.9, 0.1);
    feed(5, 0.9, 0.001);
    feed(60, 0.9, 0.5);
    feed(3, 0.9, 0.05);
    feed(60, 0.9, 0.5);
    const [first] = of('segmentClosed');
    const cut = 86 * FRAME + FRAME / 2;
    expect(first).toEqual({
      type: 'segmentClosed',
      startSample: 0,
      endSample: cut,
      speechEndSample: cut,
      cause: 'forced',
    });
    expect(of('segmentOpened').map(({ startSample }) => startSample)).toEqual([0, cut]);
    expect(types().filter((type) => type === 'speechStarted' || type === 'speechEnded')).toEqual(['speechStarted']);
    feed(20, 0);
    expect(of('segmentClosed')[1]).toMatchObject({ startSample: cut, cause: 'silence' });
  });

  it('asks for interims again after a cut', () => {
    const { feed, of } = setUp({ maxSegmentMs: 3_200 });
    feed(200, 0.9);
    const cut = of('segmentOpened')[1]?.startSample ?? 0;
    const first = of('interimDue').find(({ startSample }) => startSample === cut);
    expect(first).toBeDefined();
    expect((first?.endSample ?? 0) - cut).toBeGreaterThanOrEqual(512 * MS);
  });

  it('discards the rest of a cut when it is silence', () => {
    const { feed, of, types } = setUp({ maxSegmentMs: 3_200, endSilenceMs: 960, interimIntervalMs: 0 });
    feed(90, 0.9, 0.5);
    feed(30, 0, 0);
    expect(of('segmentClosed')).toMatchObject([{ cause: 'forced', speechEndSample: 90 * FRAME }]);
    expect(types().slice(-3)).toEqual(['segmentOpened', 'segmentDiscarded', 'speechEnded']);
    expect(of('speechEnded')).toEqual([{ type: 'speechEnded', atSample: 90 * FRAME }]);
  });

  it('keeps a rest of a cut that is shorter than minSpeechMs when there is speech in it', () => {
    const { feed, of } = setUp({ maxSegmentMs: 3_200, interimIntervalMs: 0 });
    feed(95, 0.9, 0.5);
    feed(1, 0.9, 0.001);
    feed(4, 0.9, 0.5);
    feed(20, 0);
    expect(of('segmentClosed').map(({ cause }) => cause)).toEqual(['forced', 'silence']);
    expect(of('segmentDiscarded')).toEqual([]);
  });

  it('does not go on cutting silence when the end silence is longer than a segment', () => {
    const { feed, of } = setUp({ maxSegmentMs: 2_000, endSilenceMs: 5_000, interimIntervalMs: 0 });
    feed(50, 0.9);
    feed(300, 0);
    expect(of('segmentClosed')).toHaveLength(1);
    expect(of('segmentDiscarded')).toHaveLength(1);
    expect(of('speechEnded')).toHaveLength(1);
  });

  it('finds speech even where pre-roll and minimum are as long as the longest segment', () => {
    const { feed, of } = setUp({ maxSegmentMs: 2_000, preRollMs: 2_000, minSpeechMs: 2_000 });
    feed(100, 0);
    feed(200, 0.9);
    expect(of('speechStarted')).toHaveLength(1);
    expect(of('segmentClosed').length).toBeGreaterThan(2);
  });

  it('never opens for single clicks, however many', () => {
    const { feed, of, segmenter } = setUp({ maxSegmentMs: 4_000, minSpeechMs: 2_000 });
    for (let click = 0; click < 200; click += 1) {
      feed(1, 0.9);
      feed(14, 0);
    }
    feed(20, 0);
    expect(of('speechStarted')).toEqual([]);
    expect(of('segmentClosed')).toEqual([]);
    expect(segmenter.open).toBe(false);
  });

  it('closes on flush what is open, and goes on afterwards', () => {
    const { feed, segmenter, of } = setUp();
    feed(20, 0.9);
    feed(3, 0);
    expect(segmenter.flush()).toEqual([
      {
        type: 'segmentClosed',
        startSample: 0,
        endSample: 23 * FRAME,
        speechEndSample: 20 * FRAME,
        cause: 'flush',
      },
      { type: 'speechEnded', atSample: 20 * FRAME },
    ]);
    expect(segmenter.flush()).toEqual([]);
    feed(20, 0.9);
    expect(of('segmentOpened')[1]?.startSample).toBe(23 * FRAME);
  });

  it('closes at a jump, and lets no pre-roll reach across it', () => {
    const { feed, segmenter } = setUp();
    feed(20, 0.9);
    expect(segmenter.jump(1_000_000).map(({ type }) => type)).toEqual(['segmentClosed', 'speechEnded']);
    const [opened] = segmenter.push({ startSample: 1_000_000, samples: FRAME, probability: 0.9, rms: 1 });
    expect(opened).toEqual({ type: 'segmentOpened', startSample: 1_000_000 });
  });

  it('starts over at 0 for a new time line', () => {
    const { feed, segmenter } = setUp();
    feed(100, 0);
    expect(segmenter.jump(0)).toEqual([]);
    expect(segmenter.push({ startSample: 0, samples: FRAME, probability: 0.9, rms: 1 })).toEqual([
      { type: 'segmentOpened', startSample: 0 },
    ]);
  });

  it('takes a gap in the frames for a jump', () => {
    const { feed, segmenter } = setUp();
    feed(20, 0.9);
    const events = segmenter.push({ startSample: 90_000, samples: FRAME, probability: 0.9, rms: 1 });
    expect(events.map(({ type }) => type)).toEqual(['segmentClosed', 'speechEnded', 'segmentOpened']);
    expect(events.at(-1)).toMatchObject({ startSample: 90_000 });
  });

  it('takes new settings within an utterance', () => {
    const { feed, segmenter, of } = setUp();
    feed(20, 0.9);
    feed(5, 0);
    segmenter.update({ ...SETTINGS, endSilenceMs: 192 });
    feed(1, 0);
    expect(of('segmentClosed')).toHaveLength(1);
  });

  it('holds its promises for any answers of the VAD and any settings', () => {
    const stretch = fc.record({
      frames: fc.integer({ min: 1, max: 60 }),
      probability: fc.constantFrom(0, 0.2, 0.4, 0.6, 1),
      rms: fc.double({ min: 0, max: 1, noNaN: true }),
      ending: fc.constantFrom('on', 'on', 'on', 'flush', 'jump'),
    });
    const settings: fc.Arbitrary<SegmenterSettings> = fc.record({
      vadThreshold: fc.constant(0.5),
      vadNegativeThreshold: fc.constantFrom(0.1, 0.35),
      preRollMs: fc.nat(2_000),
      postRollMs: fc.nat(1_000),
      minSpeechMs: fc.integer({ min: 32, max: 2_000 }),
      endpointing: fc.constantFrom('fixed', 'adaptive'),
      endSilenceMs: fc.integer({ min: 100, max: 5_000 }),
      endSilenceSentenceMs: fc.integer({ min: 100, max: 5_000 }),
      endSilenceUnfinishedMs: fc.integer({ min: 100, max: 5_000 }),
      speculativeSilenceMs: fc.nat(5_000),
      interimIntervalMs: fc.nat(1_000),
      firstInterimMs: fc.nat(2_000),
      maxSegmentMs: fc.integer({ min: 2_000, max: 28_000 }),
    });
    fc.assert(
      fc.property(settings, fc.array(stretch, { maxLength: 60 }), (chosen, stretches) => {
        const segmenter = new Segmenter(chosen);
        let at = 0;
        let lastEnd = 0;
        let openedAt: number | undefined;
        let speaking = false;
        let cutAt: number | undefined;
        const check = (events: SegmenterEvent[]) => {
          for (const event of events) {
            switch (event.type) {
              case 'segmentOpened':
                expect(openedAt).toBeUndefined();
                expect(event.startSample).toBeGreaterThanOrEqual(lastEnd);
                if (cutAt !== undefined) expect(event.startSample).toBe(cutAt);
                cutAt = undefined;
                openedAt = event.startSample;
                break;
              case 'segmentDiscarded':
                expect(event.startSample).toBe(openedAt);
                openedAt = undefined;
                break;
              case 'segmentClosed':
                expect(speaking).toBe(true);
                expect(event.startSample).toBe(openedAt);
                expect(event.endSample).toBeGreaterThan(event.startSample);
                expect(event.endSample).toBeLessThanOrEqual(at);
                expect(event.endSample - event.startSample).toBeLessThanOrEqual(chosen.maxSegmentMs * MS + FRAME);
                expect(event.speechEndSample).toBeGreaterThanOrEqual(event.startSample);
                expect(event.speechEndSample).toBeLessThanOrEqual(event.endSample);
                lastEnd = event.endSample;
                openedAt = undefined;
                if (event.cause === 'forced') cutAt = event.endSample;
                break;
              case 'speechStarted':
                expect(speaking).toBe(false);
                expect(openedAt).toBeDefined();
                expect(event.atSample).toBeGreaterThanOrEqual(openedAt ?? 0);
                speaking = true;
                break;
              case 'speechEnded':
                expect(speaking).toBe(true);
                speaking = false;
                break;
              case 'interimDue':
                expect(speaking).toBe(true);
                expect(event.startSample).toBe(openedAt);
                expect(event.endSample).toBe(at);
                break;
            }
          }
        };
        for (const { frames, probability, rms, ending } of stretches) {
          for (let frame = 0; frame < frames; frame += 1) {
            at += FRAME;
            check(segmenter.push({ startSample: at - FRAME, samples: FRAME, probability, rms }));
          }
          if (ending === 'flush') check(segmenter.flush());
          if (ending === 'jump') {
            check(segmenter.jump(at + 50_000));
            at += 50_000;
            lastEnd = at;
          }
        }
        check(segmenter.flush());
        expect(openedAt).toBeUndefined();
        expect(speaking).toBe(false);
      }),
    );
  });

  describe('in a silence', () => {
    const adaptive = { endpointing: 'adaptive', speculativeSilenceMs: 96, interimIntervalMs: 0 } as const;

    it('reports once that an utterance may be over, and that speech went on after all', () => {
      const { feed, of, types } = setUp(adaptive);
      feed(20, 0.9);
      feed(2, 0);
      expect(types()).not.toContain('silenceConfirmed');
      feed(5, 0);
      expect(of('silenceConfirmed')).toEqual([
        { type: 'silenceConfirmed', startSample: 0, speechEndSample: 20 * FRAME, endSample: 23 * FRAME },
      ]);
      feed(4, 0.9);
      expect(of('speechResumed')).toEqual([{ type: 'speechResumed', silentSince: 20 * FRAME, atSample: 27 * FRAME }]);
      feed(4, 0);
      expect(of('silenceConfirmed')).toHaveLength(2);
    });

    it('that a flush finds broken, however shortly, takes what broke it along: it may have been a word', () => {
      const { segmenter, feed } = setUp(adaptive);
      feed(20, 0.9);
      feed(8, 0);
      feed(2, 0.9);
      expect(segmenter.flush()).toMatchObject([
        { type: 'speechResumed', atSample: 28 * FRAME },
        { type: 'segmentClosed', endSample: 30 * FRAME, cause: 'flush' },
        { type: 'speechEnded' },
      ]);
    });

    it('goes on through a breath, and ends as if nothing had been heard', () => {
      const { feed, of } = setUp(adaptive);
      feed(20, 0.9);
      feed(8, 0);
      feed(3, 0.9);
      feed(5, 0);
      expect(of('speechResumed')).toEqual([]);
      expect(of('segmentClosed')).toMatchObject([{ speechEndSample: 20 * FRAME, cause: 'silence' }]);
    });

    it('waits with its end until it is known whether someone has started again', () => {
      const { feed, of } = setUp(adaptive);
      feed(20, 0.9);
      feed(15, 0);
      feed(2, 0.9);
      feed(1, 0.4);
      expect(of('segmentClosed')).toEqual([]);
      feed(1, 0.9);
      expect(of('speechResumed')).toEqual([{ type: 'speechResumed', silentSince: 20 * FRAME, atSample: 35 * FRAME }]);
      feed(15, 0);
      feed(3, 0.9);
      feed(1, 0);
      expect(of('segmentClosed')).toMatchObject([{ speechEndSample: 39 * FRAME }]);
    });

    it('says nothing of a silence after what was too short to be speech', () => {
      const { feed, types } = setUp(adaptive);
      feed(3, 0.9);
      feed(20, 0);
      expect(types()).toEqual(['segmentOpened', 'segmentDiscarded', 'speechEnded'].slice(0, 2));
    });

    it('waits for the usual time until the words have been read', () => {
      const { feed, of } = setUp(adaptive);
      feed(20, 0.9);
      feed(15, 0);
      expect(of('segmentClosed')).toHaveLength(0);
      feed(1, 0);
      expect(of('segmentClosed')).toHaveLength(1);
    });

    it('is short after the end of a sentence', () => {
      const { segmenter, feed, of } = setUp(adaptive);
      feed(20, 0.9);
      feed(5, 0);
      segmenter.readSilence({ speechEndSample: 20 * FRAME, reading: 'sentence' });
      feed(2, 0);
      expect(of('segmentClosed')).toHaveLength(0);
      feed(1, 0);
      expect(of('segmentClosed')[0]?.speechEndSample).toBe(20 * FRAME);
    });

    it('is long after an unfinished sentence', () => {
      const { segmenter, feed, of } = setUp(adaptive);
      feed(20, 0.9);
      feed(5, 0);
      segmenter.readSilence({ speechEndSample: 20 * FRAME, reading: 'unfinished' });
      feed(19, 0);
      expect(of('segmentClosed')).toHaveLength(0);
      feed(1, 0);
      expect(of('segmentClosed')).toHaveLength(1);
    });

    it('takes no notice of a reading of another silence', () => {
      const { segmenter, feed, of } = setUp(adaptive);
      feed(20, 0.9);
      feed(4, 0);
      feed(4, 0.9);
      feed(4, 0);
      segmenter.readSilence({ speechEndSample: 20 * FRAME, reading: 'sentence' });
      feed(8, 0);
      expect(of('segmentClosed')).toHaveLength(0);
    });

    it('takes no notice of readings where the end is fixed', () => {
      const { segmenter, feed, of } = setUp({ ...adaptive, endpointing: 'fixed' });
      feed(20, 0.9);
      feed(4, 0);
      segmenter.readSilence({ speechEndSample: 20 * FRAME, reading: 'sentence' });
      feed(11, 0);
      expect(of('segmentClosed')).toHaveLength(0);
      feed(1, 0);
      expect(of('segmentClosed')).toHaveLength(1);
    });
  });

  describe('splitAt', () => {
    it('ends the sentence and goes on at the very same sample', () => {
      const { segmenter, feed, of } = setUp({ interimIntervalMs: 0 });
      feed(40, 0.9);
      const events = segmenter.splitAt(20 * FRAME + 7);
      expect(events).toEqual([
        {
          type: 'segmentClosed',
          startSample: 0,
          endSample: 20 * FRAME + 7,
          speechEndSample: 20 * FRAME + 7,
          cause: 'sentence',
        },
        { type: 'segmentOpened', startSample: 20 * FRAME + 7 },
      ]);
      feed(16, 0);
      expect(of('segmentClosed')).toEqual([
        expect.objectContaining({ startSample: 20 * FRAME + 7, speechEndSample: 40 * FRAME, cause: 'silence' }),
      ]);
    });

    it('refuses a place that would leave one part without speech', () => {
      const { segmenter, feed } = setUp({ interimIntervalMs: 0 });
      expect(segmenter.splitAt(100)).toEqual([]);
      feed(20, 0.9);
      feed(5, 0);
      expect(segmenter.splitAt(22 * FRAME)).toEqual([]);
      expect(segmenter.splitAt(0)).toEqual([]);
    });
  });

  it('finds the quietest place between two samples and says how quiet it is', () => {
    const { segmenter, feed } = setUp();
    feed(10, 0.9, 1_000);
    feed(3, 0.9, 100);
    feed(10, 0.9, 1_000);
    const found = segmenter.quietest({ fromSample: 5 * FRAME, toSample: 20 * FRAME });
    expect(found?.sample).toBe(11 * FRAME + FRAME / 2);
    expect(found?.relativeLevel).toBeLessThan(0.2);
  });

  it('requests interims at the given distance, and none where there are to be none', () => {
    const { segmenter, feed, of } = setUp();
    segmenter.setInterimPace(32 * 32);
    feed(80, 0.9);
    expect(of('interimDue').map(({ endSample }) => endSample / FRAME)).toEqual([16, 48, 80]);
    segmenter.setInterimPace(null);
    feed(80, 0.9);
    expect(of('interimDue')).toHaveLength(3);
  });

  it('asks for the first one of an utterance at once, and keeps that distance from there on', () => {
    const { segmenter, feed, of } = setUp();
    segmenter.setInterimPace(60 * 32);
    feed(30, 0.9);
    feed(40, 0);
    feed(80, 0.9);
    expect(of('interimDue').map(({ endSample }) => endSample / FRAME)).toEqual([16, 86, 146]);
  });

  it('keeps that distance after a cut: there is text to read', () => {
    const { segmenter, feed, of } = setUp({ maxSegmentMs: 40 * 32 });
    segmenter.setInterimPace(60 * 32);
    feed(80, 0.9);
    expect(of('segmentClosed')).toHaveLength(2);
    expect(of('interimDue').map(({ endSample }) => endSample / FRAME)).toEqual([16, 76]);
  });

  it('requests one with the next frame of speech after a call of hurry, once, and none where there are to be none', () => {
    const { segmenter, feed, of } = setUp();
    const due = () => of('interimDue').map(({ endSample }) => endSample / FRAME);
    segmenter.hurry();
    segmenter.setInterimPace(100 * 32);
    feed(20, 0.9);
    segmenter.hurry();
    feed(2, 0);
    feed(20, 0.9);
    expect(due()).toEqual([16, 23]);
    segmenter.setInterimPace(null);
    segmenter.hurry();
    feed(20, 0.9);
    expect(due()).toEqual([16, 23]);
  });

  it('requests the next one sooner after a call of hasten, once, at half the pace', () => {
    const { segmenter, feed, of } = setUp();
    const due = () => of('interimDue').map(({ endSample }) => endSample / FRAME);
    segmenter.hasten(5 * 32);
    feed(16, 0.9);
    segmenter.hasten(5 * 32);
    feed(30, 0.9);
    const [first, second, third] = due();
    expect([first, second]).toEqual([16, 21]);
    expect(third).toBeGreaterThan(21 + 5);
    segmenter.setInterimPace(40 * 32);
    const count = due().length;
    while (due().length === count) feed(1, 0.9);
    segmenter.hasten(5 * 32);
    feed(40, 0.9);
    expect(
      due()
        .slice(count)
        .map((at) => at - (due()[count] ?? 0)),
    ).toEqual([0, 20]);
  });
});
