import type { ClientState, DisconnectReason, ParleyClientEvents } from './clientEvents.js';
import type { JoinOptions, RoomClientOptions } from './clientOptions.js';
import { defaults } from './defaults.js';
import { disconnectReasonOf } from './disconnectReasons.js';
import { type Logger, SILENT } from './Logger.js';
import type { MediaSession } from './media/MediaSession.js';
import { asParleyError, codeOf } from './parleyErrors.js';
import {
  errorOf,
  type Grant,
  type IceServer,
  type JoinResult,
  type ParleyError,
  type Participant,
  type ParticipantLedger,
  type RequestOf,
  type ResponseOf,
  type TranscriptionStatus,
} from './protocol/index.js';
import { RoomState } from './RoomState.js';
import { EarlyNotifications } from './signaling/EarlyNotifications.js';
import { SignalingChannel, type SignalingNotification } from './signaling/SignalingChannel.js';
import { TaskQueue } from './TaskQueue.js';
import { TypedEmitter } from './TypedEmitter.js';
import { TranscriptView } from './transcript/TranscriptView.js';

/** The time between `join` and `leave`, through any number of connections. */
interface Stay {
  readonly options: JoinOptions;
  readonly media: MediaSession | undefined;
  /** Absent until the server has let us in. */
  joined?: JoinResult;
}

/** A timer that is later than that, in ms, was held up by a machine that slept. */
const SLEPT_MS = 30_000;

/** Joins and leaves that may wait for each other. */
const STEPS_CAPACITY = 16;

/**
 * A client without media: participants, transcript and moderation. `ParleyClient` adds audio in both directions.
 *
 * After a lost connection the client reconnects by itself: it joins again as the same participant and fetches the part of the transcript
 * that it missed. It is `disconnected` for good by an error that is not retryable, and if the server stays away for `reconnectTimeoutMs`.
 */
export class RoomClient extends TypedEmitter<ParleyClientEvents> {
  /** The transcript as a person reads it. */
  readonly transcript: TranscriptView;
  readonly #options: RoomClientOptions;
  readonly #logger: Logger;
  readonly #channel: SignalingChannel;
  readonly #room: RoomState;
  /** Joins and leaves, one after the other. */
  readonly #steps = new TaskQueue({ capacity: STEPS_CAPACITY });
  readonly #early = new EarlyNotifications();
  #state: ClientState = 'idle';
  #disconnectReason: DisconnectReason | undefined;
  #connecting: Promise<void> | undefined;
  #leaving: Promise<void> = Promise.resolve();
  #stay: Stay | undefined;
  /** Whether the last stay was ended by `leave`. */
  #left = false;
  /** Why the last connection was lost. */
  #lastLoss: ParleyError | undefined;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the server has this connection in a room. */
  #inRoom = false;

  constructor(options: RoomClientOptions) {
    super();
    const { credentials, retryDelayMs, ca, url = globalThis.location?.origin, logger = SILENT } = options;
    if (url === undefined) throw new TypeError('url: outside of a page, the address of the server has to be given');
    this.#options = options;
    this.#logger = logger;
    this.#channel = new SignalingChannel({
      url,
      credentials,
      logger,
      ca,
      ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
    });
    this.#channel.on('notification', (notification) => this.#onAnyNotification(notification));
    this.#channel.on('disconnected', (event) => this.#onDisconnected(event));
    this.#channel.on('reconnected', () => {
      this.#steps
        .run(() => this.#comeBack())
        .catch((error: unknown) => this.#channel.restart(asParleyError(error, 'INTERNAL')));
    });
    this.#room = new RoomState({ emit: (name, ...payload) => this.emit(name, ...payload) });
    this.transcript = new TranscriptView({
      resume: (afterSeq) => this.#channel.request('resumeTranscript', { afterSeq }),
    });
    this.transcript.on('segmentUpdated', (event) => this.emit('segmentUpdated', event));
    this.transcript.on('segmentRetracted', (event) => this.emit('segmentRetracted', event));
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Why this client is disconnected: set when `disconnected` is emitted without `willReconnect`; undefined before. */
  get disconnectReason(): DisconnectReason | undefined {
    return this.#disconnectReason;
  }

  /** Everyone in the room including this participant, by participant id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#room.participants;
  }

  get self(): Participant | undefined {
    const joined = this.#stay?.joined;
    return joined === undefined ? undefined : this.participants.get(joined.participantId);
  }

  /** The server's answer to the latest join; undefined outside a room. */
  get joined(): JoinResult | undefined {
    return this.#stay?.joined;
  }

  /**
   * Ids of the current speakers, latest first. The last speaker stays for `defaults.activeSpeakerHoldMs` after they have finished. The
   * same array until it changes.
   */
  get activeSpeakers(): readonly string[] {
    return this.#room.activeSpeakers;
  }

  /** State of speech recognition: model, mode, device; undefined before the join. */
  get transcription(): TranscriptionStatus | undefined {
    return this.#room.transcription;
  }

  /** What this participant may do in the room. */
  get grants(): readonly Grant[] {
    return this.#room.grants;
  }

  /** Whether the room is locked for others. */
  get locked(): boolean {
    return this.#room.locked;
  }

  /**
   * Connects and sends the credentials. Call `join` within 10 s. After a failure it can be called again.
   * @throws ParleyError, as a rejection: `CONNECTION_FAILED`, `UNAUTHENTICATED`, `JOIN_SECRET_REQUIRED`, `INVALID_DISPLAY_NAME`,
   * `PROTOCOL_VERSION_UNSUPPORTED`, `CLIENT_CLOSED`; if a `credentials` function rejects, its own ParleyError or
   * `IDENTITY_UNAVAILABLE`
   */
  connect(): Promise<void> {
    if (this.#state === 'disconnected') return Promise.reject(errorOf('CLIENT_CLOSED'));
    this.#connecting ??= this.#connect();
    return this.#connecting;
  }

  /**
   * Joins a room, after `connect`. The transcript so far is fetched in the background. A browser without WebRTC can join too, to read
   * along; it gets an `error` event.
   *
   * @example
   * const { participantId, meetingStartedAtMs } = await client.join({ room: 'daily' });
   *
   * @throws ParleyError, as a rejection: `INVALID_ROOM_NAME`, `ALREADY_JOINED`, `ROOM_FULL`, `TOO_MANY_ROOMS`, `MEDIA_UNAVAILABLE`,
   * `REQUEST_TIMEOUT`, `CONNECTION_LOST`; `NOT_JOINED` or `CLIENT_CLOSED` when `leave` or `close` came first
   */
  async join(options: JoinOptions): Promise<JoinResult> {
    if (this.#state === 'disconnected') throw errorOf('CLIENT_CLOSED');
    if (this.#stay !== undefined) throw errorOf('ALREADY_JOINED');
    const stay: Stay = { options, media: this.#newMedia(options) };
    this.#stay = stay;
    this.#left = false;
    try {
      return await this.#steps.run(() => this.#enter(stay));
    } catch (error) {
      this.#forget(stay);
      throw this.#reasonOf(error);
    }
  }

  /**
   * Returns the current settings: the room's, this participant's own, and the available choices.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  getSettings(): Promise<ResponseOf<'getSettings'>> {
    return this.#channel.request('getSettings', {});
  }

  /**
   * Changes settings during a meeting; `null` returns a setting to the inherited value.
   *
   * @example
   * await client.updateSettings({ scope: 'participant', settings: { language: 'de', wakePhrases: ['hey parley'] } });
   *
   * @throws ParleyError, as a rejection: `INVALID_SETTINGS` (`details.settings` says which and why), `SETTINGS_FORBIDDEN`,
   * `RATE_LIMITED`, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  updateSettings(change: RequestOf<'updateSettings'>): Promise<ResponseOf<'updateSettings'>> {
    return this.#channel.request('updateSettings', change);
  }

  /**
   * Returns what became of every millisecond of everyone's audio.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async getLedger(): Promise<ParticipantLedger[]> {
    return (await this.#channel.request('getLedger', {})).ledgers;
  }

  /**
   * Sends a newer token of the same sign-in, without interrupting media. Call it on `tokenExpiring` if `credentials` is not a
   * function.
   * @throws ParleyError, as a rejection: `TOKEN_MISMATCH`, `UNAUTHENTICATED`, `SIGNED_OUT`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async refreshToken(token: string): Promise<void> {
    await this.#channel.request('refreshToken', { token });
  }

  /**
   * Mutes a participant, who may unmute again. For moderators, like the next three methods.
   * @throws ParleyError, as a rejection: `FORBIDDEN`, `PARTICIPANT_NOT_FOUND`, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async muteParticipant(participantId: string): Promise<void> {
    await this.#channel.request('muteParticipant', { participantId });
  }

  /** Removes a participant for the rest of the meeting. @throws ParleyError as `muteParticipant` */
  async removeParticipant(participantId: string): Promise<void> {
    await this.#channel.request('removeParticipant', { participantId });
  }

  /** Locks or unlocks the room for others. @throws ParleyError as `muteParticipant` */
  async setRoomLocked(locked: boolean): Promise<void> {
    await this.#channel.request('setRoomLocked', { locked });
  }

  /** Ends the meeting for everyone. @throws ParleyError as `muteParticipant` */
  async endMeeting(): Promise<void> {
    await this.#channel.request('endMeeting', {});
  }

  /**
   * Turns the frequent activities (`stabilized`, `audioRecorded`) on or off. Off at first, and again after a reconnect.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async subscribeDiagnostics(on: boolean): Promise<void> {
    await this.#channel.request('subscribeDiagnostics', { on });
  }

  /**
   * Leaves the room. The connection stays open, and a room can be joined again. Audio stops in both directions immediately and publications are
   * closed; the transcript stays readable until another meeting is joined. Idempotent, never rejects.
   */
  leave(): Promise<void> {
    const stay = this.#stay;
    if (stay === undefined) return this.#leaving;
    this.#forget(stay);
    this.#left = true;
    if (this.#state === 'joined') this.#setState('connected');
    this.#leaving = this.#steps.run(() => this.#leaveOnServer()).catch(() => {});
    return this.#leaving;
  }

  /** Ends everything. Idempotent. The client cannot be used again. */
  close(): void {
    this.#end(this.#left ? 'left' : 'closed');
  }

  /** @internal What sends and hears in a room that is about to be joined; nothing here. */
  protected createMedia(_options: {
    channel: Pick<SignalingChannel, 'request'>;
    join: JoinOptions;
  }): MediaSession | undefined {
    return undefined;
  }

  /** @internal ICE servers to use instead of those that the server names. */
  protected get iceServers(): IceServer[] | undefined {
    return undefined;
  }

  /** @internal The media of this stay; absent before the room was joined, and where there are none. */
  protected get media(): MediaSession | undefined {
    return this.#stay?.joined === undefined ? undefined : this.#stay.media;
  }

  /** @internal Called once for each stay, when it is over. */
  protected onStayEnded(): void {}

  /** @internal Called once, when the client is over and before that is told. */
  protected onEnded(): void {}

  /**
   * @internal Does something with the media of the room.
   * @throws ParleyError, as a rejection: `CLIENT_CLOSED`, `NOT_JOINED`, `BROWSER_UNSUPPORTED` for a client without media
   */
  protected async withMedia<T>(action: (media: MediaSession) => Promise<T>): Promise<T> {
    if (this.#state === 'disconnected') throw errorOf('CLIENT_CLOSED');
    if (this.#stay?.joined === undefined) throw errorOf('NOT_JOINED');
    if (this.#stay.media === undefined) throw errorOf('BROWSER_UNSUPPORTED');
    try {
      return await action(this.#stay.media);
    } catch (error) {
      throw this.#reasonOf(error);
    }
  }

  async #connect(): Promise<void> {
    this.#setState('connecting');
    try {
      await this.#channel.connect();
      // A connection may be lost again before anybody waiting for it was told.
      if (this.#channel.connected) this.#setState('connected');
    } catch (error) {
      this.#connecting = undefined;
      this.#setState('idle');
      throw error;
    }
  }

  async #enter(stay: Stay): Promise<JoinResult> {
    this.#assertStaying(stay);
    this.#early.hold();
    try {
      const joined = await this.#joinOnServer(stay.options);
      this.#assertStaying(stay);
      this.#takeOver(stay, joined);
      const { routerRtpCapabilities } = joined;
      await stay.media?.open({ routerRtpCapabilities, iceServers: this.iceServers });
      this.#assertStaying(stay);
      this.#setState('joined');
      for (const notification of this.#early.release()) this.#onAnyNotification(notification);
      void this.transcript.catchUp(joined.lastSeq);
      return joined;
    } catch (error) {
      this.#early.release();
      await this.#leaveOnServer();
      throw error;
    }
  }

  /** What failed because the client was closed failed because of that. */
  #reasonOf(error: unknown): unknown {
    return this.#state === 'disconnected' ? errorOf('CLIENT_CLOSED', { cause: error }) : error;
  }

  /** @throws ParleyError, when this stay has ended while something was waited for */
  #assertStaying(stay: Stay): void {
    if (this.#state === 'disconnected') throw errorOf('CLIENT_CLOSED');
    if (this.#stay !== stay) throw errorOf('NOT_JOINED');
  }

  async #joinOnServer({ room, settings }: JoinOptions): Promise<JoinResult> {
    const request = { room, ...(settings === undefined ? {} : { settings }) };
    let joined: JoinResult;
    try {
      joined = await this.#channel.request('join', request);
    } catch (error) {
      if (codeOf(error) !== 'ALREADY_JOINED') throw error;
      // An earlier join took effect after we had given it up.
      await this.#channel.request('leave', {});
      joined = await this.#channel.request('join', request);
    }
    this.#inRoom = true;
    return joined;
  }

  /** Never rejects: a server that does not even answer this gets a new connection. */
  async #leaveOnServer(): Promise<void> {
    if (!this.#inRoom || !this.#channel.connected) return;
    this.#inRoom = false;
    try {
      await this.#channel.request('leave', {});
    } catch (error) {
      if (codeOf(error) !== 'NOT_JOINED') this.#channel.restart(asParleyError(error, 'REQUEST_TIMEOUT'));
    }
  }

  /** Takes the server's answer for the truth. What changed since the last connection is told by events. */
  #takeOver(stay: Stay, joined: JoinResult): void {
    const before = stay.joined;
    stay.joined = joined;
    this.transcript.begin({ meetingId: joined.meetingId });
    if (before !== undefined && before.meetingId !== joined.meetingId) {
      this.emit('meetingChanged', {
        meetingId: joined.meetingId,
        previousMeetingId: before.meetingId,
        reason: joined.serverId === before.serverId ? 'meetingEnded' : 'serverRestarted',
      });
    }
    this.#room.takeOver(joined, { isReturn: before !== undefined });
  }

  #newMedia(join: JoinOptions): MediaSession | undefined {
    const media = this.createMedia({ channel: this.#channel, join });
    media?.on('error', (event) => this.emit('error', event));
    media?.on('lost', ({ error }) => this.#channel.restart(error));
    return media;
  }

  #onAnyNotification(notification: SignalingNotification): void {
    if (this.#early.keep(notification)) return;
    // Of a room that was left, some may still be on their way.
    if (this.#stay?.joined !== undefined) this.#onNotification(this.#stay, notification);
  }

  /** Shared out among those who know what to do. */
  #onNotification({ media }: Stay, notification: SignalingNotification): void {
    const { name, payload } = notification;
    switch (name) {
      case 'consumerCreated':
      case 'consumerClosed':
      case 'transportClosed':
      case 'mediaRestarted':
        media?.onNotification(notification);
        return;
      case 'mutedByModerator':
        this.emit(name, { publications: media?.onPausedByServer(payload.producerIds) ?? [] });
        return;
      case 'participantMuted': {
        const { participantId, producerIds, reason } = payload;
        this.emit(name, { participantId, reason, publications: media?.onPausedByServer(producerIds) ?? [] });
        return;
      }
      case 'interimUpdated':
        this.transcript.applyInterim(payload.segment);
        return;
      case 'segmentCommitted':
        this.transcript.applyCommitted(payload.segment);
        return;
      case 'interimRetracted':
        this.transcript.retract(payload.segmentId);
        return;
      case 'dismissed':
        // The channel keeps the reason; what follows is its `disconnected`.
        return;
      default:
        this.#room.apply(notification);
        if (name === 'tokenExpiring') void this.#renewToken();
    }
  }

  async #renewToken(): Promise<void> {
    const { credentials } = this.#options;
    if (typeof credentials !== 'function') return;
    try {
      const fresh = await credentials();
      if (fresh.kind === 'token') await this.refreshToken(fresh.token);
    } catch (error) {
      this.emit('error', { error: asParleyError(error, 'UNAUTHENTICATED') });
    }
  }

  #onDisconnected({ error, willReconnect }: { error: ParleyError; willReconnect: boolean }): void {
    this.#inRoom = false;
    this.#stay?.media?.suspend();
    if (!willReconnect) {
      this.#endWith(error);
      return;
    }
    this.#lastLoss = error;
    if (this.#state === 'reconnecting') return;
    this.#setState('reconnecting');
    this.emit('disconnected', { error, willReconnect });
  }

  async #comeBack(): Promise<void> {
    const stay = this.#stay;
    if (stay?.joined !== undefined) {
      const { meetingId } = stay.joined;
      try {
        const joined = await this.#enter(stay);
        this.emit('reconnected', { resumed: joined.meetingId === meetingId });
      } catch (error) {
        if (this.#stay === stay) this.#onRefused(error);
        // Whoever has left meanwhile is just connected.
      }
    }
    if (this.#state === 'reconnecting' && this.#channel.connected && this.#stay?.joined === undefined) {
      this.#setState('connected');
    }
  }

  /** The room could not be joined again. */
  #onRefused(error: unknown): void {
    // Lost again on the way: the next connection tries again.
    if (!this.#channel.connected) return;
    const known = asParleyError(error, 'INTERNAL');
    this.#logger.warn('the room cannot be joined again', { code: known.code });
    if (known.retryable) this.#channel.restart(known);
    else this.#endWith(known);
  }

  /** What cannot be repaired by trying again. */
  #endWith(error: ParleyError): void {
    const reason = disconnectReasonOf({ error, lastLoss: this.#lastLoss });
    // Whoever is told may close the client, which changes nothing about the reason.
    this.#disconnectReason = reason;
    this.emit('disconnected', { error, willReconnect: false });
    this.#end(reason);
  }

  /** From a loss on, until the client is back: it does not try for ever. */
  #giveUpLater(): void {
    const { reconnectTimeoutMs = defaults.reconnectTimeoutMs } = this.#options;
    if (reconnectTimeoutMs === Number.POSITIVE_INFINITY) return;
    const dueAtMs = Date.now() + reconnectTimeoutMs;
    this.#giveUpTimer = setTimeout(() => {
      // A machine that has slept has not tried for so long.
      if (Date.now() - dueAtMs > SLEPT_MS) this.#giveUpLater();
      else this.#endWith(errorOf('CONNECTION_LOST', { cause: this.#lastLoss }));
    }, reconnectTimeoutMs);
  }

  #end(reason: DisconnectReason): void {
    if (this.#state === 'disconnected') return;
    if (this.#stay !== undefined) this.#forget(this.#stay);
    this.transcript.end();
    this.#channel.close();
    this.onEnded();
    this.#disconnectReason ??= reason;
    this.#setState('disconnected');
    this.removeAllListeners();
  }

  /** This side is out of the room from now on. */
  #forget(stay: Stay): void {
    stay.media?.close();
    if (this.#stay !== stay) return;
    this.#stay = undefined;
    this.#room.clear();
    this.transcript.end();
    this.onStayEnded();
  }

  #setState(state: ClientState): void {
    if (this.#state === state || this.#state === 'disconnected') return;
    this.#state = state;
    this.#logger.debug('state', { state });
    clearTimeout(this.#giveUpTimer);
    if (state === 'reconnecting') this.#giveUpLater();
    const reason = state === 'disconnected' ? this.#disconnectReason : undefined;
    this.emit('stateChanged', { state, ...(reason === undefined ? {} : { reason }) });
  }
}
