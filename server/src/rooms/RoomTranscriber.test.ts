import type { CommittedSegment, NotificationName } from '@parley/client-sdk/protocol';
import type { PipelineEvent, RoomPipeline } from '@parley/media/node';
import { resolveSpeechSettings } from '@parley/media/settings';
import { fakeMediaNode, fakePipeline, fakeSfuRoom, ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { Meeting } from '../meetings/Meeting.js';
import { emptyLedger } from '../observability/audioLedger.js';
import type { RoomObserver } from '../observability/RoomObserver.js';
import { MemoryTranscriptStore } from '../store/memory/MemoryTranscriptStore.js';
import type { UncommittedSegment } from '../store/TranscriptStore.js';
import { RoomTranscriber, type TellOptions } from './RoomTranscriber.js';

type WithoutIds<T> = T extends unknown ? Omit<T, 'meetingId' | 'trackId'> : never;

const hypothesis = {
  text: 'hello there',
  language: 'en',
  languageProbability: 0.98765,
  confidence: 0.87654,
  noSpeechProbability: 0.01,
  queuedMs: 12,
  engineMs: 34,
  words: [{ text: 'hello', startMs: 100.4, endMs: 300.6, probability: 0.91239 }],
};
const segment = { id: 's1', startMs: 1_000.25, endMs: 2_000.75, revision: 3 };

/** A pipeline that does nothing but note what it is told. */
class FakePipeline {
  readonly calls: unknown[][] = [];
  ledgersNow: Awaited<ReturnType<RoomPipeline['ledgers']>> | Error = [];
  onEvent: (event: PipelineEvent) => void = () => {};
  removed = Promise.resolve();

  addTrack = async (speaker: unknown) => void this.calls.push(['addTrack', speaker]);
  removeTrack = (trackId: string) => {
    this.calls.push(['removeTrack', trackId]);
    return this.removed;
  };
  settingsChanged = (settings: unknown) => void this.calls.push(['settingsChanged', settings]);
  setTrackSettings = (change: unknown) => void this.calls.push(['setTrackSettings', change]);
  setDiagnostics = (on: boolean) => void this.calls.push(['setDiagnostics', on]);
  close = async () => {};
  ledgers = async () => {
    this.calls.push(['ledgers']);
    if (this.ledgersNow instanceof Error) throw this.ledgersNow;
    return this.ledgersNow;
  };

  say(event: WithoutIds<PipelineEvent>, trackId = 'producer'): void {
    this.onEvent({ meetingId: 'm', trackId, ...event } as PipelineEvent);
  }
}

let pipeline: FakePipeline;
let transcriber: RoomTranscriber;
let told: { name: NotificationName; notification: unknown; options: TellOptions }[];
let observed: unknown[][];
let now: number;
let time: ManualTime;
const UNSTORABLE = 'a text that no store takes';

const named = (name: NotificationName) => told.filter((each) => each.name === name);
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(async () => {
  pipeline = new FakePipeline();
  told = [];
  observed = [];
  now = 0;
  time = new ManualTime();
  const stored = new MemoryTranscriptStore({ segmentsPerMeeting: 100 });
  const logger = pino({ level: 'silent' });
  const store = {
    append: async (each: UncommittedSegment) => {
      if (each.status === 'final' && each.text === UNSTORABLE) throw new Error('no such text');
      return stored.append(each);
    },
    page: (query: Parameters<MemoryTranscriptStore['page']>[0]) => stored.page(query),
    clear: (meetingId: string) => stored.clear(meetingId),
    end: (meetingId: string) => stored.end(meetingId),
  };
  const observer: RoomObserver = {
    interim: ({ queuedMs, engineMs }) => observed.push(['interim', { queuedMs, engineMs }]),
    final: (times) => observed.push(['final', times]),
    gap: (reason) => observed.push(['gap', reason]),
    audio: (change) => observed.push(['audio', change.totalMs]),
  };
  const media = fakeMediaNode({
    createPipeline: (options) => {
      pipeline.onEvent = options.onEvent;
      pipeline.calls.push(['createPipeline', options.settings]);
      return fakePipeline(pipeline);
    },
  });
  transcriber = new RoomTranscriber({
    meeting: await Meeting.open({ meetingId: 'm', room: 'daily', store, logger, time }),
    media,
    sfu: fakeSfuRoom(),
    settings: resolveSpeechSettings('fast'),
    logger,
    observer,
    onFlood: () => {},
    tellAll: (name, notification, options = {}) => told.push({ name, notification, options }),
    now: () => now,
  });
  await transcriber.add({
    producerId: 'producer',
    participantId: 'p',
    displayName: 'Ada',
    nameSource: 'signedIn',
    track: 'microphone',
    muted: false,
    settings: undefined,
  });
});

describe('RoomTranscriber', () => {
  test("begins with the room's settings and tells the pipeline of changes", async () => {
    expect(pipeline.calls[0]).toEqual(['createPipeline', resolveSpeechSettings('fast')]);
    expect(pipeline.calls[1]).toEqual([
      'addTrack',
      { trackId: 'producer', participantId: 'p', name: 'microphone', epoch: 1, muted: false },
    ]);
    const own = resolveSpeechSettings('fast', { language: 'de' });
    const second = {
      producerId: 'two',
      participantId: 'q',
      displayName: 'Ben',
      nameSource: 'signedIn',
      track: 'microphone',
      muted: true,
    } as const;
    await transcriber.add({ ...second, settings: own });
    expect(pipeline.calls.at(-1)).toMatchObject(['addTrack', { trackId: 'two', epoch: 2, settings: own }]);
    transcriber.updateTrack({ producerId: 'two', settings: undefined });
    expect(pipeline.calls.at(-1)).toEqual(['setTrackSettings', { trackId: 'two', settings: undefined }]);
    transcriber.updateSettings(own);
    expect(pipeline.calls.at(-1)).toEqual(['settingsChanged', own]);
  });

  test('tells interims with what is settled of them, droppable', () => {
    pipeline.say({ type: 'interimUpdated', segment, hypothesis, stableLength: 5 });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      name: 'interimUpdated',
      notification: { segment: { id: 's1', status: 'interim', stableLength: 5, revision: 3, displayName: 'Ada' } },
      options: { droppable: true },
    });
    expect(told[0]?.notification).not.toHaveProperty('segment.committedCorrections');
    expect(observed).toEqual([['interim', { queuedMs: 12, engineMs: 34 }]]);
  });

  test('commits finals with language, words and corrections before it tells them', async () => {
    pipeline.say({ type: 'final', segment, hypothesis, committedCorrections: 2 });
    expect(told).toEqual([]);
    await settled();
    expect(told[0]?.notification).toEqual({
      segment: {
        id: 's1',
        meetingId: 'm',
        participantId: 'p',
        displayName: 'Ada',
        nameSource: 'signedIn',
        track: 'microphone',
        startMs: 1_000,
        endMs: 2_001,
        revision: 3,
        text: 'hello there',
        language: 'en',
        languageProbability: 0.988,
        confidence: 0.877,
        committedCorrections: 2,
        words: [{ text: 'hello', startMs: 1_101, endMs: 1_301, probability: 0.912 }],
        status: 'final',
        seq: 1,
      } satisfies CommittedSegment,
    });
    expect(named('segmentCommitted')).toHaveLength(1);
  });

  test('measures from the end that the VAD saw to the commit, and only where silence ended it', async () => {
    const stopped = { type: 'utteranceEnded', segmentId: 's1', atMs: 2_000 } as const;
    now = 5_000;
    pipeline.say({ type: 'trackActivity', activity: { ...stopped, cause: 'silence' } });
    now = 5_042;
    pipeline.say({ type: 'final', segment, hypothesis, committedCorrections: 1 });
    pipeline.say({ type: 'trackActivity', activity: { ...stopped, segmentId: 's2', cause: 'forced' } });
    pipeline.say({ type: 'final', segment: { ...segment, id: 's2' }, hypothesis, committedCorrections: 0 });
    await settled();
    expect(observed).toEqual([
      ['final', { queuedMs: 12, engineMs: 34, vadEndToFinalMs: 42, corrections: 1 }],
      ['final', { queuedMs: 12, engineMs: 34, vadEndToFinalMs: undefined, corrections: 0 }],
    ]);
  });

  test('commits gaps with their reason and counts them', async () => {
    pipeline.say({ type: 'gap', segment, reason: 'overloaded', language: 'de' });
    await settled();
    expect(told[0]?.notification).toMatchObject({
      segment: { status: 'gap', reason: 'overloaded', text: '', language: 'de', seq: 1 },
    });
    expect(observed).toEqual([['gap', 'overloaded']]);
  });

  test('counts what nobody listened to in the books', async () => {
    pipeline.say({ type: 'ledgerUpdated', ledger: { ...emptyLedger(), totalMs: 160, pendingMs: 160 } });
    pipeline.say({ type: 'gap', segment, reason: 'mediaWorkerLost', language: '', unheard: true });
    await settled();
    const shedMs = { mediaWorkerLost: 1_160.5 };
    expect(named('ledgerUpdated').at(-1)).toEqual({
      name: 'ledgerUpdated',
      notification: { participantId: 'p', track: 'microphone', ledger: { ...emptyLedger(), totalMs: 1_160.5, shedMs } },
      options: { droppable: true },
    });
    expect(observed).toEqual([
      ['audio', 160],
      ['audio', 1_000.5],
      ['gap', 'mediaWorkerLost'],
    ]);
  });

  test('tells a gap where a text cannot be stored, in its place, and waits for it at the close', async () => {
    pipeline.say({ type: 'final', segment, hypothesis: { ...hypothesis, text: UNSTORABLE }, committedCorrections: 0 });
    pipeline.say({ type: 'final', segment: { ...segment, id: 's2' }, hypothesis, committedCorrections: 0 });
    let over = false;
    const closed = transcriber.close().then(() => {
      over = true;
    });
    await time.advanceAsync(2_000, 50);
    expect(over).toBe(false);
    await time.advanceAsync(2_000, 50);
    await closed;
    expect(named('segmentCommitted').map(({ notification }) => notification)).toMatchObject([
      { segment: { id: 's1', status: 'gap', reason: 'notStored', text: '', seq: 1 } },
      { segment: { id: 's2', status: 'final', seq: 2 } },
    ]);
    expect(observed.map(([what, of]) => [what, what === 'gap' ? of : ''])).toEqual([
      ['gap', 'notStored'],
      ['final', ''],
    ]);
  });

  test('tells states and activities to everybody, diagnostics to subscribers and droppable', () => {
    pipeline.say({ type: 'trackStateChanged', state: 'wakeword' });
    expect(told.at(-1)).toEqual({
      name: 'trackStateChanged',
      notification: { participantId: 'p', track: 'microphone', state: 'wakeword' },
      options: {},
    });
    expect(transcriber.stateOf('producer')).toBe('wakeword');
    const woken = { type: 'wakePhraseDetected', phrase: 'hey parley', score: 0.9, atMs: 5 } as const;
    pipeline.say({ type: 'trackActivity', activity: woken });
    expect(told.at(-1)).toEqual({
      name: 'trackActivity',
      notification: { participantId: 'p', track: 'microphone', activity: woken },
      options: {},
    });
    const recorded = { type: 'audioRecorded', segmentId: 's1', startMs: 0, endMs: 32, levelDb: -30 } as const;
    pipeline.say({ type: 'trackActivity', activity: recorded });
    expect(told.at(-1)?.options).toEqual({ diagnostics: true, droppable: true });
  });

  test('H7 names who else was heard with a voice, where that is undecided', async () => {
    const other = { producerId: 'two', participantId: 'q', displayName: 'Ben', nameSource: 'guest' } as const;
    await transcriber.add({ ...other, track: 'microphone', muted: false, settings: undefined });
    const segment = { id: 's', startMs: 0, endMs: 400, revision: 1 };
    const final = { type: 'final', segment, hypothesis, committedCorrections: 0 } as const;
    pipeline.say({ ...final, alsoOnTrackId: 'two' });
    pipeline.say({ ...final, segment: { ...segment, id: 't' }, alsoOnTrackId: 'gone' });
    await settled();
    const lines = told.filter(({ name }) => name === 'segmentCommitted').map(({ notification }) => notification);
    expect(lines).toMatchObject([
      { segment: { id: 's', alsoHeardFrom: { participantId: 'q', displayName: 'Ben' } } },
      { segment: { id: 't' } },
    ]);
    expect(lines[1]).not.toHaveProperty('segment.alsoHeardFrom');
  });

  test('tells ledgers summed over the producers of a participant, droppable, and counts what they grew', async () => {
    const first = { ...emptyLedger(), totalMs: 160, nonSpeechMs: 160 };
    pipeline.say({ type: 'ledgerUpdated', ledger: first });
    transcriber.remove('producer');
    await settled();
    await transcriber.add({
      producerId: 'again',
      participantId: 'p',
      displayName: 'Ada',
      nameSource: 'signedIn',
      track: 'microphone',
      muted: false,
      settings: undefined,
    });
    pipeline.say({ type: 'ledgerUpdated', ledger: { ...emptyLedger(), totalMs: 40, dtxMs: 40 } }, 'again');
    expect(told.at(-1)).toEqual({
      name: 'ledgerUpdated',
      notification: {
        participantId: 'p',
        track: 'microphone',
        ledger: { ...emptyLedger(), totalMs: 200, nonSpeechMs: 160, dtxMs: 40 },
      },
      options: { droppable: true },
    });
    expect(observed.reduce((sum, [, change]) => sum + Number(change), 0)).toBe(200);
  });

  test('asks for the books as they stand now, once for all who ask at the same time', async () => {
    pipeline.ledgersNow = [
      { trackId: 'producer', ledger: { ...emptyLedger(), totalMs: 20, mutedMs: 20 } },
      { trackId: 'unknown', ledger: { ...emptyLedger(), totalMs: 9, mutedMs: 9 } },
    ];
    const [one, two] = await Promise.all([transcriber.ledgers(), transcriber.ledgers()]);
    expect(one).toEqual([
      { participantId: 'p', track: 'microphone', ledger: { ...emptyLedger(), totalMs: 20, mutedMs: 20 } },
    ]);
    expect(two).toBe(one);
    expect(pipeline.calls.filter(([name]) => name === 'ledgers')).toHaveLength(1);
    await transcriber.ledgers();
    expect(pipeline.calls.filter(([name]) => name === 'ledgers')).toHaveLength(2);
  });

  test('answers the last books it was told while the media worker is gone', async () => {
    pipeline.say({ type: 'ledgerUpdated', ledger: { ...emptyLedger(), totalMs: 20, mutedMs: 20 } });
    pipeline.ledgersNow = new Error('gone');
    expect(await transcriber.ledgers()).toMatchObject([{ participantId: 'p', ledger: { totalMs: 20 } }]);
  });

  test('says nothing of producers that it does not know, nor of those whose last words are text', async () => {
    pipeline.say({ type: 'trackStateChanged', state: 'listening' }, 'unknown');
    transcriber.remove('producer');
    pipeline.say({ type: 'final', segment, hypothesis, committedCorrections: 0 });
    await settled();
    expect(named('segmentCommitted')).toHaveLength(1);
    pipeline.say({ type: 'trackStateChanged', state: 'inactive' });
    expect(named('trackStateChanged')).toEqual([]);
    expect(transcriber.trackCount).toBe(0);
  });
});
