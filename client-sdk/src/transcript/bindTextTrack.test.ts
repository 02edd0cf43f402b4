import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { committed, interim } from '../../test-support/segments.js';
import { bindTextTrack } from './bindTextTrack.js';
import { type TranscriptPage, TranscriptView } from './TranscriptView.js';

class FakeCue {
  id = '';
  readonly startTime: number;
  readonly endTime: number;
  readonly text: string;

  constructor(startTime: number, endTime: number, text: string) {
    this.startTime = startTime;
    this.endTime = endTime;
    this.text = text;
  }
}

/** As much of a media element as has text tracks. */
class FakeElement {
  currentTime = 0;
  readonly tracks: FakeTrack[] = [];

  addTextTrack(kind: string, label: string, language: string): FakeTrack {
    const track = new FakeTrack({ kind, label, language });
    this.tracks.push(track);
    return track;
  }
}

class FakeTrack {
  mode = 'hidden';
  cues: FakeCue[] = [];
  readonly kind: string;
  readonly label: string;
  readonly language: string;

  constructor(options: { kind: string; label: string; language: string }) {
    this.kind = options.kind;
    this.label = options.label;
    this.language = options.language;
  }

  addCue(cue: FakeCue): void {
    this.cues.push(cue);
  }

  removeCue(cue: FakeCue): void {
    if (!this.cues.includes(cue)) throw new DOMException('no such cue', 'NotFoundError');
    this.cues = this.cues.filter((each) => each !== cue);
  }
}

const NOW_MS = 1_700_000_000_000;

beforeEach(() => {
  vi.stubGlobal('VTTCue', FakeCue);
  vi.useFakeTimers({ now: NOW_MS });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function stage(options: { resume?: () => Promise<TranscriptPage> } = {}) {
  const { resume = () => Promise.resolve({ segments: [], firstSeq: 0, lastSeq: 0 }) } = options;
  const view = new TranscriptView({ resume });
  view.begin({ meetingId: 'm_1' });
  const fake = new FakeElement();
  const bind = (more: Partial<Parameters<typeof bindTextTrack>[0]> = {}) =>
    bindTextTrack({ element: fake as unknown as HTMLMediaElement, transcript: view, ...more });
  const cues = () => fake.tracks.flatMap((track) => track.cues);
  return { view, fake, bind, cues };
}

describe('on a recording', () => {
  test('finals stand where they were said, those from before the binding, too; interims and gaps do not', () => {
    const { view, bind, cues, fake } = stage();
    view.applyCommitted(committed(1, { startMs: 1_500, endMs: 2_500, text: 'Hello.' }));
    bind();
    view.applyInterim(interim('later'));
    view.applyCommitted({ ...committed(2, { text: '' }), status: 'gap', reason: 'overloaded' });
    view.applyCommitted(committed(3, { startMs: 4_000, endMs: 4_000 }));
    expect(cues()).toMatchObject([
      { id: 's1', startTime: 1.5, endTime: 2.5, text: '<v Ben>Hello.' },
      { id: 's3', startTime: 4, endTime: 4.001 },
    ]);
    expect(fake.tracks).toMatchObject([{ kind: 'captions', label: 'Captions', language: '', mode: 'showing' }]);
  });

  test('an offset moves them; what lies before the beginning is left out', () => {
    const { view, bind, cues } = stage();
    for (const seq of [1, 2, 3]) {
      view.applyCommitted(committed(seq, { startMs: seq * 1_000, endMs: seq * 1_000 + 800 }));
    }
    bind({ offsetMs: -2_200 });
    expect(cues()).toMatchObject([
      { id: 's2', startTime: 0, endTime: 0.6 },
      { id: 's3', startTime: 0.8 },
    ]);
  });

  test('gaps have the text that they are given', () => {
    const { view, bind, cues } = stage();
    bind({ gapText: () => '[inaudible]' });
    view.applyCommitted({ ...committed(1, { text: '' }), status: 'gap', reason: 'overloaded' });
    expect(cues()).toMatchObject([{ text: '<v Ben>[inaudible]' }]);
  });

  test('what was said is text, not markup', () => {
    const { view, bind, cues } = stage();
    bind();
    view.applyCommitted(committed(1, { displayName: 'A>b', text: 'a < b & c\n\n1 --> 2' }));
    expect(cues()).toMatchObject([{ text: '<v A&gt;b>a &lt; b &amp; c 1 --&gt; 2' }]);
  });
});

describe('on an element that plays live', () => {
  test('a final is shown when it comes, for as long as its words took, and long enough to be read', () => {
    const { view, bind, cues, fake } = stage();
    fake.currentTime = 7;
    // The meeting is ten seconds old, the element plays for seven.
    bind({ meetingStartedAtMs: NOW_MS - 10_000 });
    view.applyCommitted(committed(1, { startMs: 6_000, endMs: 9_000 }));
    view.applyCommitted(committed(2, { startMs: 9_000, endMs: 9_100 }));
    expect(cues()).toMatchObject([
      { startTime: 7, endTime: 10 },
      { startTime: 7, endTime: 8.5 },
    ]);
  });

  test('a delay that the element has shows them at their time', () => {
    const { view, bind, cues, fake } = stage();
    fake.currentTime = 7;
    bind({ meetingStartedAtMs: NOW_MS - 10_000, offsetMs: 5_000 });
    view.applyCommitted(committed(1, { startMs: 6_000, endMs: 9_000 }));
    expect(cues()).toMatchObject([{ startTime: 8, endTime: 11 }]);
  });

  test('a clock that is slow does not put them where nobody will see them', () => {
    const { view, bind, cues, fake } = stage();
    fake.currentTime = 7;
    // By this machine the meeting begins in an hour.
    bind({ meetingStartedAtMs: NOW_MS + 3_600_000 });
    view.applyCommitted(committed(1, { startMs: 6_000, endMs: 9_000 }));
    bind({ meetingStartedAtMs: NOW_MS + 3_600_000, offsetMs: 5_000 });
    view.applyCommitted(committed(2, { startMs: 6_000, endMs: 9_000 }));
    expect(cues().map(({ id, startTime, endTime }) => [id, startTime, endTime])).toEqual([
      ['s1', 7, 10],
      ['s2', 7, 10],
      ['s2', 9, 12],
    ]);
  });

  test('what was said before has no place', async () => {
    const { view, bind, cues } = stage({
      resume: () => Promise.resolve({ segments: [committed(2)], firstSeq: 1, lastSeq: 2 }),
    });
    view.applyCommitted(committed(1));
    bind({ meetingStartedAtMs: NOW_MS });
    await view.catchUp(2);
    expect(view.getSnapshot()).toHaveLength(2);
    expect(cues()).toEqual([]);
  });
});

test('an unbound element has no cues, is told nothing any more, and gets no second track when it is bound again', () => {
  const { view, bind, cues, fake } = stage();
  const unbind = bind();
  view.applyCommitted(committed(1));
  unbind();
  unbind();
  view.applyCommitted(committed(2));
  expect(cues()).toEqual([]);
  expect(fake.tracks).toMatchObject([{ mode: 'disabled' }]);
  bind();
  expect(fake.tracks).toMatchObject([{ mode: 'showing', cues: [{ id: 's1' }, { id: 's2' }] }]);
  bind({ language: 'de' });
  expect(fake.tracks.map(({ language }) => language)).toEqual(['', 'de']);
});

test('another meeting begins without the cues of the last one', () => {
  const { view, bind, cues } = stage();
  bind();
  view.applyCommitted(committed(1));
  view.begin({ meetingId: 'm_2' });
  expect(cues()).toEqual([]);
  view.applyCommitted(committed(1, { meetingId: 'm_2' }));
  expect(cues()).toMatchObject([{ id: 's1' }]);
});
