import { ParleyError, type TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import { type CancelTimer, CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';
import type { ModelProfile } from '@parley/media/settings';
import type { Settings } from '../config/settings.js';
import { Meeting } from '../meetings/Meeting.js';
import type { Logger } from '../observability/logger.js';
import type { RoomObserver } from '../observability/RoomObserver.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import { Room } from './Room.js';

export interface RoomRegistryOptions {
  media: MediaNode;
  /** The model for finals. */
  model: ModelProfile;
  settings: Settings;
  logger: Logger;
  transcripts: TranscriptStore;
  transcription: () => TranscriptionStatus;
  observer: RoomObserver;
  /** Why no new room can be opened at the moment; undefined if it can. */
  overload: () => ParleyError | undefined;
  time?: TimeSource;
}

/** The rooms of this node by name. A room is made by the first who joins it, and gone when its meeting is over. */
export class RoomRegistry {
  readonly #options: RoomRegistryOptions;
  /** Promises, so that two who join at once meet in one room. */
  readonly #rooms = new Map<string, Promise<Room>>();
  readonly #time: TimeSource;
  #closing = false;
  #ending: Promise<void> | undefined;

  constructor(options: RoomRegistryOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
  }

  get size(): number {
    return this.#rooms.size;
  }

  /** The open room with that name. */
  find(name: string): Promise<Room> | undefined {
    return this.#rooms.get(name);
  }

  /**
   * The room of that name, made where there is none. One that stands is let in to whatever the load is.
   * @throws ParleyError `TOO_MANY_ROOMS`, `SERVER_OVERLOADED`, `MEDIA_UNAVAILABLE`, `SERVER_SHUTTING_DOWN`
   */
  open(name: string): Promise<Room> {
    if (this.#closing) {
      return Promise.reject(new ParleyError('SERVER_SHUTTING_DOWN'));
    }
    const standing = this.#rooms.get(name);
    if (standing !== undefined) {
      return standing;
    }
    const { settings } = this.#options;
    if (this.#rooms.size >= settings.limits.rooms) {
      return Promise.reject(new ParleyError('TOO_MANY_ROOMS'));
    }
    const overload = this.#options.overload();
    if (overload !== undefined) {
      return Promise.reject(overload);
    }
    const opening: Promise<Room> = this.#open(name, () => this.#end(name, opening));
    this.#rooms.set(name, opening);
    opening.catch(() => this.#forget(name, opening));
    return opening;
  }

  /** Totals of all rooms. */
  async counts(): Promise<Room['counts']> {
    const sum = { peers: 0, transports: 0, producers: 0, consumers: 0, speakers: 0 };
    for (const { counts } of await this.all()) {
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
    }
    return sum;
  }

  async all(): Promise<Room[]> {
    const settled = await Promise.allSettled(this.#rooms.values());
    return settled.filter((result) => result.status === 'fulfilled').map((result) => result.value);
  }

  /**
   * Ends all meetings: everyone is notified and pending speech is transcribed. Waits at most 15 s for that, because a slow recogniser may
   * take longer than a shutdown may.
   */
  close(error: ParleyError): Promise<void> {
    this.#closing = true;
    this.#ending ??= this.#endAll(error);
    return this.#within(this.#ending, CLOSE_TIMES.shutdownDrainMs);
  }

  /** After `close` and the end of the child processes: unanswered requests have become gaps, if the store accepted them within 3 s. */
  settled(): Promise<void> {
    return this.#within(this.#ending ?? Promise.resolve(), CLOSE_TIMES.lastGapsMs);
  }

  async #endAll(error: ParleyError): Promise<void> {
    const rooms = await this.all();
    this.#rooms.clear();
    await Promise.all(
      rooms.map((room) => closeWithMeeting(room, error).catch((failure: unknown) => this.#notClosed(failure))),
    );
  }

  /** A room for a meeting that begins. */
  async #open(name: string, onEmpty: () => void): Promise<Room> {
    const { transcripts, logger, time } = this.#options;
    const meeting = await Meeting.open({ room: name, store: transcripts, logger, time });
    return Room.create({ ...this.#options, meeting, onEmpty });
  }

  async #within(work: Promise<void>, limitMs: number): Promise<void> {
    let cancel: CancelTimer = () => {};
    const limit = new Promise<void>((resolve) => {
      cancel = this.#time.after(limitMs, resolve);
    });
    await Promise.race([work, limit]);
    cancel();
  }

  #notClosed(error: unknown): void {
    this.#options.logger.error({ err: error }, 'could not close a room');
  }

  #end(name: string, room: Promise<Room>): void {
    this.#forget(name, room);
    room
      .then((ended) => closeWithMeeting(ended, new ParleyError('SERVER_SHUTTING_DOWN')))
      .catch((error: unknown) => this.#notClosed(error));
  }

  #forget(name: string, room: Promise<Room>): void {
    if (this.#rooms.get(name) === room) {
      this.#rooms.delete(name);
    }
  }
}

/** The next join of a room with this name begins a new meeting. */
async function closeWithMeeting(room: Room, error: ParleyError): Promise<void> {
  try {
    await room.close(error);
  } finally {
    await room.meeting.end();
  }
}
