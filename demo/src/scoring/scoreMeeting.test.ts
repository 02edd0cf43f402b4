import type { Segment } from '@parley/client-sdk/protocol';
import { describe, expect, it } from 'vitest';
import type { Meeting } from '../meeting/Meeting.js';
import type { MeetingRecording } from '../meeting/MeetingRecording.js';
import type { TranscriptEvent } from '../player/api.js';
import { judgeScore, REQUIREMENTS } from './judgeScore.js';
import { scoreMeeting } from './scoreMeeting.js';

/** The meeting began on the server 4 s before the tracks began to play, on an arbitrary date. */
const MEETING_STARTED_AT_MS = 1_700_000_000_000;
const LEAD_IN_MS = 4_000;
const PLAY_STARTED_AT_MS = MEETING_STARTED_AT_MS + LEAD_IN_MS;

const meeting: Meeting = {
  name: 'two-people',
  durationMs: 12_000,
  speakers: [
    { name: 'Ada', file: '/ada.flac' },
    { name: 'Ben', file: '/ben.flac' },
  ],
  utterances: [
    { speaker: 'Ada', startMs: 1_000, endMs: 3_000, text: "Good morning, let's begin." },
    { speaker: 'Ben', startMs: 4_000, endMs: 6_000, text: 'The server is stable now.' },
    { speaker: 'Ada', startMs: 8_000, endMs: 10_000, text: 'Thank you very much.' },
  ],
};

interface Caption {
  who: string;
  startMs: number;
  endMs: number;
  text: string;
  arrivedAtMs: number;
  status?: Segment['status'];
  id?: string;
}

/** All times on the script's time line. */
function recordingOf(captions: Caption[]): MeetingRecording {
  const events = captions.map((caption, index): TranscriptEvent => {
    const status = caption.status ?? 'final';
    return {
      kind: 'updated',
      arrivedAtMs: PLAY_STARTED_AT_MS + caption.arrivedAtMs,
      segment: {
        id: caption.id ?? `segment-${index}`,
        meetingId: 'meeting',
        participantId: `id-${caption.who}`,
        displayName: caption.who,
        track: 'microphone',
        startMs: caption.startMs + LEAD_IN_MS,
        endMs: caption.endMs + LEAD_IN_MS,
        text: caption.text,
        language: 'en',
        confidence: 0.9,
        revision: index,
        status,
        ...(status === 'interim' ? {} : { seq: index + 1 }),
      },
    };
  });
  return {
    meetingStartedAtMs: MEETING_STARTED_AT_MS,
    speakers: ['Ada', 'Ben'].map((name) => ({
      name,
      participantId: `id-${name}`,
      startedAtMs: PLAY_STARTED_AT_MS,
      spoken: [],
      lag: [],
    })),
    events,
    received: { tracks: 2, packets: 100 },
  };
}

const adaFirst: Caption = {
  who: 'Ada',
  startMs: 800,
  endMs: 3_300,
  text: "Good morning, let's begin.",
  arrivedAtMs: 3_700,
};
const ben: Caption = {
  who: 'Ben',
  startMs: 3_800,
  endMs: 6_300,
  text: 'The server is stable now.',
  arrivedAtMs: 6_800,
};
const adaSecond: Caption = {
  who: 'Ada',
  startMs: 7_800,
  endMs: 10_300,
  text: 'Thank you very much.',
  arrivedAtMs: 10_900,
};

describe('the score of a meeting', () => {
  it('has no error when every word stands under the right name', () => {
    const score = scoreMeeting(meeting, recordingOf([adaFirst, ben, adaSecond]));
    expect(score).toEqual({
      meeting: 'two-people',
      durationS: 12,
      wer: 0,
      speakers: [
        { name: 'Ada', words: 8, wer: 0, finals: 2 },
        { name: 'Ben', words: 5, wer: 0, finals: 1 },
      ],
      speechEndToFinalMs: { p50: 800, p95: 900 },
      speechStartToInterimMs: { p50: 2_800, p95: 2_900 },
      wordToVisibleMs: { p50: null, p95: null },
      erasedVisibleWords: { shown: 13, erased: 0, share: 0 },
      visibleRevisions: 0,
      missedUtterances: 0,
      finalsInSilence: 0,
      misattributed: 0,
    });
    expect(judgeScore(score, REQUIREMENTS.builtIn)).toEqual([]);
  });

  it('counts substituted, inserted and deleted words against the speaker of the words', () => {
    const score = scoreMeeting(
      meeting,
      recordingOf([
        { ...adaFirst, text: 'Good evening, let us begin.' },
        { ...ben, text: 'Server is stable now.' },
        adaSecond,
      ]),
    );
    expect(score.speakers).toEqual([
      { name: 'Ada', words: 8, wer: 3 / 8, finals: 2 },
      { name: 'Ben', words: 5, wer: 1 / 5, finals: 1 },
    ]);
    expect(score.wer).toBeCloseTo(4 / 13);
    expect(score.missedUtterances).toBe(0);
    expect(judgeScore(score, REQUIREMENTS.builtIn)).toEqual(['30.8 % of the words are wrong; 8.0 % are allowed.']);
  });

  it('does not mind case, punctuation and the order in which finals arrive', () => {
    const score = scoreMeeting(
      meeting,
      recordingOf([{ ...adaSecond, text: 'thank you, VERY much!' }, { ...adaFirst, arrivedAtMs: 11_500 }, ben]),
    );
    expect(score.wer).toBe(0);
  });

  it('takes less than half of the words for a missed utterance', () => {
    const half = scoreMeeting(meeting, recordingOf([adaFirst, ben, { ...adaSecond, text: 'Thank you' }]));
    expect(half.missedUtterances).toBe(0);
    const less = scoreMeeting(meeting, recordingOf([adaFirst, ben, { ...adaSecond, text: 'Thank' }]));
    expect(less.missedUtterances).toBe(1);
    expect(judgeScore(less, REQUIREMENTS.builtIn)).toContain('1 utterance is missing from the transcript.');
  });

  it('misses every utterance of an empty recording and has no latency to tell', () => {
    const score = scoreMeeting(meeting, recordingOf([]));
    expect(score).toMatchObject({
      wer: 1,
      missedUtterances: 3,
      finalsInSilence: 0,
      misattributed: 0,
      speechEndToFinalMs: { p50: null, p95: null },
      speechStartToInterimMs: { p50: null, p95: null },
      erasedVisibleWords: { shown: 0, erased: 0, share: 0 },
      visibleRevisions: 0,
    });
  });

  it('does not take a gap or an interim for a final', () => {
    const score = scoreMeeting(
      meeting,
      recordingOf([{ ...adaFirst, status: 'interim' }, { ...ben, status: 'gap', text: '' }, adaSecond]),
    );
    expect(score.missedUtterances).toBe(2);
    expect(score.speakers.map(({ finals }) => finals)).toEqual([1, 0]);
    expect(score.finalsInSilence).toBe(0);
  });

  it('finds swapped speakers', () => {
    const swapped = scoreMeeting(
      meeting,
      recordingOf([
        { ...adaFirst, who: 'Ben' },
        { ...ben, who: 'Ada' },
        { ...adaSecond, who: 'Ben' },
      ]),
    );
    expect(swapped).toMatchObject({ misattributed: 3, finalsInSilence: 0, missedUtterances: 3 });
    expect(swapped.wer).toBeGreaterThanOrEqual(1);
  });

  it('finds words of one speaker written a second time under a silent one', () => {
    const score = scoreMeeting(meeting, recordingOf([adaFirst, { ...adaFirst, who: 'Ben' }, ben, adaSecond]));
    expect(score).toMatchObject({ misattributed: 1, finalsInSilence: 0, missedUtterances: 0 });
  });

  it('finds text that nobody said, in a pause and under the name of someone who only listens', () => {
    const score = scoreMeeting(
      meeting,
      recordingOf([
        adaFirst,
        ben,
        { who: 'Ben', startMs: 6_700, endMs: 7_400, text: 'We', arrivedAtMs: 8_000 },
        { who: 'Listener', startMs: 8_500, endMs: 9_000, text: 'The campaign', arrivedAtMs: 9_900 },
        adaSecond,
      ]),
    );
    expect(score).toMatchObject({ finalsInSilence: 2, misattributed: 0 });
  });

  it('lets a final reach 300 ms beyond the words, and no further', () => {
    const late = (startMs: number) =>
      scoreMeeting(
        meeting,
        recordingOf([adaFirst, ben, adaSecond, { who: 'Ben', startMs, endMs: 7_000, text: 'now', arrivedAtMs: 8_000 }]),
      ).finalsInSilence;
    expect(late(6_250)).toBe(0);
    expect(late(6_350)).toBe(1);
  });

  it('keeps two people apart who speak at the same time', () => {
    const crosstalk: Meeting = {
      ...meeting,
      utterances: [
        { speaker: 'Ada', startMs: 1_000, endMs: 3_000, text: 'The budget is too high.' },
        { speaker: 'Ben', startMs: 2_000, endMs: 4_000, text: 'I agree with you.' },
      ],
    };
    const score = scoreMeeting(
      crosstalk,
      recordingOf([
        { who: 'Ada', startMs: 900, endMs: 3_200, text: 'The budget is too high.', arrivedAtMs: 3_600 },
        { who: 'Ben', startMs: 1_900, endMs: 4_200, text: 'I agree with you.', arrivedAtMs: 4_600 },
      ]),
    );
    expect(score).toMatchObject({ wer: 0, misattributed: 0, finalsInSilence: 0, missedUtterances: 0 });
  });

  it('measures the first text on interims and the last on the final that holds the end of the words', () => {
    const score = scoreMeeting(
      { ...meeting, utterances: meeting.utterances.slice(0, 1) },
      recordingOf([
        { who: 'Ada', startMs: 800, endMs: 1_900, text: '', arrivedAtMs: 1_400, status: 'interim', id: 'a' },
        { who: 'Ada', startMs: 800, endMs: 1_900, text: 'Good', arrivedAtMs: 1_900, status: 'interim', id: 'a' },
        { who: 'Ada', startMs: 800, endMs: 1_900, text: 'Good morning', arrivedAtMs: 2_300, id: 'a' },
        { who: 'Ada', startMs: 2_000, endMs: 3_200, text: "let's begin.", arrivedAtMs: 3_800, id: 'b' },
      ]),
    );
    expect(score.wer).toBe(0);
    expect(score.speechStartToInterimMs.p50).toBe(900);
    expect(score.speechEndToFinalMs.p50).toBe(800);
  });

  it('measures latency from the sound of the words where that is narrower than the script', () => {
    const recording = recordingOf([adaFirst, ben, adaSecond]);
    const trimmed: MeetingRecording = {
      ...recording,
      speakers: recording.speakers.map((speaker) => ({
        ...speaker,
        spoken: meeting.utterances
          .filter((utterance) => utterance.speaker === speaker.name)
          .map(({ startMs, endMs }) => ({ startMs: startMs + 50, endMs: endMs - 120 })),
      })),
    };
    expect(scoreMeeting(meeting, trimmed)).toMatchObject({
      speechEndToFinalMs: { p50: 920, p95: 1_020 },
      speechStartToInterimMs: { p50: 2_750, p95: 2_850 },
      wer: 0,
    });
  });

  it('does not count it as latency when the browser played late', () => {
    const recording = recordingOf([adaFirst, ben, adaSecond]);
    const late: MeetingRecording = {
      ...recording,
      speakers: recording.speakers.map((speaker) => ({
        ...speaker,
        lag: [
          { trackMs: 500, lagMs: 0 },
          { trackMs: 7_000, lagMs: 150 },
        ],
      })),
    };
    // Ada's second utterance alone comes after the stumble.
    expect(scoreMeeting(meeting, late).speechEndToFinalMs).toEqual({ p50: 750, p95: 800 });
  });

  it('counts a final once that arrives twice', () => {
    const twice = recordingOf([{ ...adaFirst, id: 'a' }, { ...adaFirst, id: 'a', arrivedAtMs: 9_000 }, ben, adaSecond]);
    const score = scoreMeeting(meeting, twice);
    expect(score.wer).toBe(0);
    expect(score.speakers[0]?.finals).toBe(2);
    expect(score.speechEndToFinalMs.p95).toBe(900);
  });

  it('places each speaker by the time when their own track began', () => {
    const recording = recordingOf([adaFirst, ben, adaSecond]);
    const late: MeetingRecording = {
      ...recording,
      speakers: recording.speakers.map((speaker) =>
        speaker.name === 'Ben' ? { ...speaker, startedAtMs: speaker.startedAtMs + 2_500 } : speaker,
      ),
    };
    // Ben's words now stand 2.5 s before his place in the script: nothing of his final is where he speaks.
    expect(scoreMeeting(meeting, late)).toMatchObject({ missedUtterances: 1, wer: 0 });
  });

  it('counts the shown words that went away again', () => {
    const shared = { who: 'Ada', startMs: 800, endMs: 3_300, id: 'a' };
    const score = scoreMeeting(
      meeting,
      recordingOf([
        { ...shared, text: 'Good warning', arrivedAtMs: 2_000, status: 'interim' },
        { ...shared, text: "Good morning, let's begin.", arrivedAtMs: 3_700 },
        ben,
        adaSecond,
      ]),
    );
    expect(score.erasedVisibleWords).toEqual({ shown: 14, erased: 1, share: 1 / 14 });
    expect(score.visibleRevisions).toBe(1);
  });
});

describe('the time from a word to the first text that has it', () => {
  const spoken: Meeting = {
    ...meeting,
    utterances: [
      {
        speaker: 'Ada',
        startMs: 1_000,
        endMs: 3_000,
        text: "Good morning, let's begin.",
        words: [
          { startMs: 1_000, endMs: 1_300 },
          { startMs: 1_300, endMs: 1_900 },
          { startMs: 2_200, endMs: 2_500 },
          { startMs: 2_500, endMs: 3_000 },
        ],
      },
    ],
  };
  const first = { who: 'Ada', startMs: 800, id: 'a', status: 'interim' } as const;
  const latencies = (captions: Caption[]) => scoreMeeting(spoken, recordingOf(captions)).wordToVisibleMs;

  it('counts from the end of each word to the interim or the final that shows it first', () => {
    expect(
      latencies([
        { ...first, endMs: 1_500, text: 'Good', arrivedAtMs: 1_700 },
        { ...first, endMs: 2_100, text: 'Good morning', arrivedAtMs: 2_500 },
        { ...first, endMs: 3_300, text: "Good morning, let's begin.", arrivedAtMs: 3_800, status: 'final' },
      ]),
      // 400, 600, 1300 and 800 ms.
    ).toEqual({ p50: 600, p95: 1_300 });
  });

  it('does not take another word for it, nor one that comes at another place', () => {
    expect(
      latencies([
        { ...first, endMs: 1_500, text: 'Could', arrivedAtMs: 1_700 },
        { ...first, endMs: 2_000, text: 'Could morning', arrivedAtMs: 2_500 },
      ]),
    ).toEqual({ p50: 600, p95: 600 });
  });

  it('looks for a word 300 ms around the time of a text, and no further', () => {
    const begin = (startMs: number) =>
      latencies([{ ...first, startMs, endMs: startMs + 400, text: 'begin', arrivedAtMs: 4_000 }]).p50;
    expect(begin(3_290)).toBe(1_000);
    expect(begin(3_300)).toBeNull();
    expect(begin(1_810)).toBe(1_000);
    expect(begin(1_800)).toBeNull();
  });

  it('keeps a word that is said twice apart by the time of the text', () => {
    const twice: Meeting = {
      ...meeting,
      utterances: [1_000, 5_000].map((startMs) => ({
        speaker: 'Ada',
        startMs,
        endMs: startMs + 500,
        text: 'Yes.',
        words: [{ startMs, endMs: startMs + 500 }],
      })),
    };
    const score = scoreMeeting(
      twice,
      recordingOf([
        { who: 'Ada', startMs: 900, endMs: 1_700, text: 'Yes.', arrivedAtMs: 1_900 },
        { who: 'Ada', startMs: 4_900, endMs: 5_700, text: 'Yes.', arrivedAtMs: 6_100 },
      ]),
    );
    expect(score.wordToVisibleMs).toEqual({ p50: 400, p95: 600 });
  });

  it('does not take the text of another speaker', () => {
    expect(latencies([{ ...adaFirst, who: 'Ben' }])).toEqual({ p50: null, p95: null });
  });

  it('does not count the time by which the browser played late', () => {
    const recording = recordingOf([{ ...adaFirst, arrivedAtMs: 4_000 }]);
    const late: MeetingRecording = {
      ...recording,
      speakers: recording.speakers.map((speaker) => ({ ...speaker, lag: [{ trackMs: 2_000, lagMs: 150 }] })),
    };
    // The words end at 1300, 1900, 2500 and 3000 ms; the last two left 150 ms late.
    expect(scoreMeeting(spoken, late).wordToVisibleMs).toEqual({ p50: 1_350, p95: 2_700 });
  });
});
