import { ParleyError, type SpeechOverrides, type TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import { type CancelTimer, CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';
import type { ModelProfile } from '@parley/media/settings';
import type { Identity } from '../auth/Authenticator.js';
import type { Settings } from '../config/settings.js';
import { Meeting } from '../meetings/Meeting.js';
import type { AuditLog } from '../observability/AuditLog.js';
import { whoOf } from '../observability/AuditLog.js';
import type { Logger } from '../observability/logger.js';
import type { RoomObserver } from '../observability/RoomObserver.js';
import type { TranscriptStore } from '../store/TranscriptStore.js';
import { Room } from './Room.js';
import { RoomSettings } from './RoomSettings.js';

export interface RoomRegistryOptions {
  media: MediaNode;
  /** The model for finals. */
  model: ModelProfile;
  settings: Settings;
  logger: Logger;
  transcripts: TranscriptStore;
  transcription: () => TranscriptionStatus;
  observer: RoomObserver;
  audit: Pick<AuditLog, 'record'>;
  /** Why no new room can be opened at the moment; undefined if it can. */
  overload: () => ParleyError | undefined;
  time?: TimeSource;
}

/** A person who wants to join a room. */
export interface Visit {
  room: string;
  identity: Identity;
  /** Network address, as limits count it. */
  address: string;
  /** Their own speech settings. */
  settings?: SpeechOverrides | undefined;
}

/** A room that is open, or being opened. */
interface Standing {
  opening: Promise<Room>;
  room?: Room;
  /** Number of people who are joining right now. */
  visitors: number;
  /** Who opened it, if that counts towards a quota. */
  openedBy: { person: string; address: string | undefined } | undefined;
}

/**
 * The rooms of this node by name. The first person who joins opens a room, and it ends with its meeting. A refused join leaves no room
 * behind, and quotas keep one person from taking all rooms.
 */
export class RoomRegistry {
  readonly #options: RoomRegistryOptions;
  readonly #rooms = new Map<string, Standing>();
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
    return this.#rooms.get(name)?.opening;
  }

  /**
   * Joins a room, and opens it first if there is none. An open room can be joined under any load. A room that no one joined in the end is
   * closed at once.
   * @param enter joins the room; its errors are passed on
   * @throws ParleyError `ROOM_NOT_LISTED`, `INVALID_SETTINGS`, `TOO_MANY_ROOMS`, `TOO_MANY_OPEN_ROOMS`, `SERVER_OVERLOADED`,
   * `MEDIA_UNAVAILABLE`, `SERVER_SHUTTING_DOWN`
   */
  async enter<T>(visit: Visit, enter: (room: Room) => T): Promise<T> {
    if (this.#closing) throw new ParleyError('SERVER_SHUTTING_DOWN');
    const standing = this.#rooms.get(visit.room) ?? this.#open(visit);
    standing.visitors += 1;
    try {
      return enter(await standing.opening);
    } finally {
      standing.visitors -= 1;
      if (standing.visitors === 0 && standing.room?.isUsed === false) this.#end(visit.room, standing);
    }
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
    const settled = await Promise.allSettled([...this.#rooms.values()].map(({ opening }) => opening));
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

  /** Opens a room for a new meeting. @throws ParleyError if this person may not */
  #open(visit: Visit): Standing {
    const { room: name } = visit;
    const openedBy = this.#assertMayOpen(visit);
    const standing: Standing = {
      opening: this.#make(name, () => this.#end(name, standing)),
      visitors: 0,
      openedBy,
    };
    this.#rooms.set(name, standing);
    standing.opening.then(
      (room) => {
        standing.room = room;
      },
      () => this.#forget(name, standing),
    );
    return standing;
  }

  /** Checks everything before anything is made. @returns whose quota the room counts towards */
  #assertMayOpen(visit: Visit): Standing['openedBy'] {
    const { room, identity, address, settings: own } = visit;
    const { settings, model, overload } = this.#options;
    const { limits, onlyListedRooms } = settings;
    // The settings list this room, or a room token names it.
    const vouched = Object.hasOwn(settings.rooms, room) || identity.room?.name === room;
    if (onlyListedRooms && !vouched) throw new ParleyError('ROOM_NOT_LISTED');
    if (own !== undefined) {
      RoomSettings.of({ settings, model, room }).replaceParticipant({ participantId: '', settings: own });
    }
    if (this.#rooms.size >= limits.rooms) throw new ParleyError('TOO_MANY_ROOMS');
    // Guests can take any number of names, so they also count by address. Signed-in people do not: hundreds may share an office.
    const isGuest = identity.nameSource === 'guest';
    const openedBy = vouched ? undefined : { person: whoOf(identity), address: isGuest ? address : undefined };
    if (openedBy !== undefined) {
      const opened = [...this.#rooms.values()].flatMap((standing) => standing.openedBy ?? []);
      const ofPerson = opened.filter(({ person }) => person === openedBy.person).length;
      const ofAddress = isGuest ? opened.filter((each) => each.address === address).length : 0;
      if (ofPerson >= limits.roomsPerPerson || ofAddress >= limits.roomsPerAddress) {
        throw new ParleyError('TOO_MANY_OPEN_ROOMS');
      }
    }
    const overloaded = overload();
    if (overloaded !== undefined) throw overloaded;
    return openedBy;
  }

  async #make(name: string, onEmpty: () => void): Promise<Room> {
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

  #end(name: string, standing: Standing): void {
    this.#forget(name, standing);
    standing.opening
      .then((ended) => closeWithMeeting(ended, new ParleyError('SERVER_SHUTTING_DOWN')))
      .catch((error: unknown) => this.#notClosed(error));
  }

  #forget(name: string, standing: Standing): void {
    if (this.#rooms.get(name) === standing) this.#rooms.delete(name);
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
