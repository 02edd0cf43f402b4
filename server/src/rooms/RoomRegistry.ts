import { ParleyError, type SpeechOverrides, type TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import { type CancelTimer, CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';
import type { ModelProfile } from '@parley/media/settings';
import type { Identity } from '../auth/Authenticator.js';
import type { Settings } from '../config/settings.js';
import { Meeting } from '../meetings/Meeting.js';
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
  /** Why no new room can be opened at the moment; undefined if it can. */
  overload: () => ParleyError | undefined;
  time?: TimeSource;
}

/** Who wants to come in where. */
export interface Visit {
  room: string;
  identity: Identity;
  /** What limits by origin count by. */
  address: string;
  /** What they want for themself. */
  settings?: SpeechOverrides | undefined;
}

/** A room that is there, or is being made. */
interface Standing {
  opening: Promise<Room>;
  room?: Room;
  /** So many are on their way in. */
  visitors: number;
  /** Who opened it, where that counts. */
  openedBy: { person: string; address: string | undefined } | undefined;
}

/**
 * The rooms of this node by name. A room is made by the first who joins it, and gone when its meeting is over. Whoever could not come in
 * leaves no room behind, and nobody can take all rooms for themself.
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
   * Lets somebody into a room, which is made where there is none. One that stands is let in to whatever the load is. A room that nobody has
   * come into after all ends at once.
   * @param enter takes them in; what it throws is thrown
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

  /** A room for a meeting that begins. @throws ParleyError where there may be none */
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

  /** Everything that can be wrong is found before anything is made. @returns on whose account the room goes */
  #assertMayOpen(visit: Visit): Standing['openedBy'] {
    const { room, identity, address, settings: own } = visit;
    const { settings, model, overload } = this.#options;
    const { limits, onlyListedRooms } = settings;
    // Somebody with the right to do so has made this room, or lets this person in.
    const vouched = Object.hasOwn(settings.rooms, room) || identity.room?.name === room;
    if (onlyListedRooms && !vouched) throw new ParleyError('ROOM_NOT_LISTED');
    if (own !== undefined) {
      RoomSettings.of({ settings, model, room }).replaceParticipant({ participantId: '', settings: own });
    }
    if (this.#rooms.size >= limits.rooms) throw new ParleyError('TOO_MANY_ROOMS');
    // Guests can be as many people as they like; whom an identity provider knows counts as themself alone, in an office of hundreds too.
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
