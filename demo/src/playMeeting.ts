import { setTimeout as delay } from 'node:timers/promises';
import type { Segment } from '@parley/client-sdk/protocol';
import { launchChromium } from './browser/launchChromium.js';
import { PlayerPage } from './browser/PlayerPage.js';
import { DemoError } from './DemoError.js';
import { loadMeeting } from './meeting/loadMeeting.js';
import type { Span } from './meeting/Meeting.js';
import type { MeetingRecording } from './meeting/MeetingRecording.js';
import type { TranscriptEvent } from './player/api.js';

/** From the last join to the first sample: the pages need a moment to schedule it. */
const START_LEAD_MS = 1_500;
/** The transcript is complete if no caption is open and nothing has arrived for this long... */
const QUIET_MS = 2_500;
/** ...or this has passed since the end of the audio. */
const LAST_FINALS_MS = 20_000;
const POLL_MS = 100;

/** What happens while a meeting is played. `atMs` counts from the start of the tracks. */
export type PlayEvent =
  | { kind: 'joined'; name: string }
  | { kind: 'started' }
  | { kind: 'updated'; segment: Segment; atMs: number }
  | { kind: 'retracted'; segmentId: string; atMs: number }
  | { kind: 'audioEnded' };

export interface PlayMeetingOptions {
  serverUrl: string;
  /** Folder with `meeting.json` and its tracks. */
  meetingDir: string;
  room: string;
  joinSecret?: string;
  onEvent?: (event: PlayEvent) => void;
  /** Closes the browser and ends the call with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Plays a scripted meeting: one browser, with a page for every speaker that sends their track in real time, and one that listens and
 * records what it sees. Takes as long as the meeting and some seconds.
 *
 * @throws {DemoError} if the meeting cannot be read, there is no browser, or a page is removed from the room
 */
export async function playMeeting(options: PlayMeetingOptions): Promise<MeetingRecording> {
  const { signal, serverUrl, room } = options;
  const onEvent = options.onEvent ?? (() => undefined);
  const meeting = await loadMeeting(options.meetingDir);
  signal?.throwIfAborted();
  const browser = await launchChromium();
  const abort = () => void browser.close();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    const events: TranscriptEvent[] = [];
    let startAtMs = 0;
    const secret = options.joinSecret === undefined ? {} : { joinSecret: options.joinSecret };

    const listener = await PlayerPage.create({
      browser,
      serverUrl,
      onTranscript: (event) => {
        events.push(event);
        const atMs = event.arrivedAtMs - startAtMs;
        if (event.kind === 'updated') onEvent({ kind: 'updated', segment: event.segment, atMs });
        else onEvent({ kind: 'retracted', segmentId: event.segmentId, atMs });
      },
    });
    const { meetingStartedAtMs } = await listener.joinAsListener({ displayName: 'Listener', room, ...secret });
    onEvent({ kind: 'joined', name: 'Listener' });

    const players: Array<{ name: string; participantId: string; spoken: Span[]; player: PlayerPage }> = [];
    for (const { name, file } of meeting.speakers) {
      const player = await PlayerPage.create({ browser, serverUrl, audioFile: file });
      const { participantId } = await player.joinAsSpeaker({ displayName: name, room, ...secret });
      const spans = meeting.utterances
        .filter(({ speaker }) => speaker === name)
        .map(({ startMs, endMs }) => ({ startMs, endMs }));
      players.push({ name, participantId, spoken: await player.soundOf(spans), player });
      onEvent({ kind: 'joined', name });
    }

    startAtMs = Date.now() + START_LEAD_MS;
    const starts = await Promise.all(players.map(({ player }) => player.startAt(startAtMs)));
    onEvent({ kind: 'started' });
    const ends = await Promise.all(players.map(({ player }) => player.ended()));
    onEvent({ kind: 'audioEnded' });
    await lastFinals(events);
    const pages = [listener, ...players.map(({ player }) => player)];
    const failure = pages.find((page) => page.failure !== undefined)?.failure;
    if (failure !== undefined) throw new DemoError(`A participant lost the connection to the meeting: ${failure}`);

    const received = await listener.received();
    await Promise.all(pages.map((page) => page.leave()));
    return {
      meetingStartedAtMs,
      speakers: players.map(({ name, participantId, spoken }, index) => ({
        name,
        participantId,
        spoken,
        startedAtMs: starts[index]?.startedAtMs ?? startAtMs,
        lag: ends[index]?.lag ?? [],
      })),
      events,
      received,
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await browser.close();
  }
}

/** Waits until no caption is unfinished and no more come. */
async function lastFinals(events: readonly TranscriptEvent[]): Promise<void> {
  const endedAtMs = Date.now();
  while (Date.now() - endedAtMs < LAST_FINALS_MS) {
    const newestAtMs = events.at(-1)?.arrivedAtMs ?? 0;
    if (openSegments(events) === 0 && Date.now() - Math.max(newestAtMs, endedAtMs) > QUIET_MS) return;
    await delay(POLL_MS);
  }
}

function openSegments(events: readonly TranscriptEvent[]): number {
  const open = new Set<string>();
  for (const event of events) {
    if (event.kind === 'retracted') open.delete(event.segmentId);
    else if (event.segment.status === 'interim') open.add(event.segment.id);
    else open.delete(event.segment.id);
  }
  return open.size;
}
