import type { ClientState, DisconnectReason } from './clientEvents.js';
import type { JoinOptions, RoomClientOptions } from './clientOptions.js';
import { defaults } from './defaults.js';
import { disconnectReasonOf } from './disconnectReasons.js';
import { type Logger, SILENT } from './Logger.js';
import type { MediaSession } from './media/MediaSession.js';
import { asParleyError } from './parleyErrors.js';
import {
  type ConsentWording,
  errorOf,
  type Grant,
  type IceServer,
  type JoinResult,
  type ParleyError,
  type Participant,
  type RequestName,
  type RequestOf,
  type ResponseOf,
  type TranscriptionStatus,
  type WaitingParticipant,
} from './protocol/index.js';
import { RoomEntry } from './RoomEntry.js';
import { RoomRequests } from './RoomRequests.js';
import { RoomState } from './RoomState.js';
import { EarlyNotifications } from './signaling/EarlyNotifications.js';
import { SignalingChannel, type SignalingNotification } from './signaling/SignalingChannel.js';
import { TaskQueue } from './TaskQueue.js';
import { TranscriptView } from './transcript/TranscriptView.js';

/** The time between `join` and `leave`, across any number of connections. */
interface Stay {
  readonly options: JoinOptions;
  readonly media: MediaSession | undefined;
  /** Absent until the server has accepted the join. */
  joined?: JoinResult;
  /** Of the meeting that was joined first. */
  moderatorKey?: string | undefined;
  /** This participant's choices, which hold through reconnects and in another meeting. */
  offTheRecord: boolean;
  consentVersion: string | undefined;
}

/** In ms: a timer that fires later than this was delayed because the machine slept. */
const SLEPT_MS = 30_000;

/** Number of joins and leaves that may wait. */
const STEPS_CAPACITY = 16;

/**
 * A client without media: participants, transcript and moderation. `ParleyClient` adds audio in both directions.
 *
 * After a lost connection the client reconnects by itself: it joins again as the same participant and fetches the part of the transcript
 * that it missed. It is `disconnected` for good by an error that is not retryable, and if the server stays away for `reconnectTimeoutMs`.
 */
export class RoomClient extends RoomRequests {
  /** The transcript as a person reads it. */
  readonly transcript: TranscriptView;
  readonly #options: RoomClientOptions;
  readonly #logger: Logger;
  readonly #channel: SignalingChannel;
  readonly #room: RoomState;
  readonly #entry: RoomEntry;
  /** Joins and leaves, one at a time. */
  readonly #steps = new TaskQueue({ capacity: STEPS_CAPACITY });
  readonly #early = new EarlyNotifications();
  #state: ClientState = 'idle';
  #disconnectReason: DisconnectReason | undefined;
  #connecting: Promise<void> | undefined;
  #leaving: Promise<void> = Promise.resolve();
  #stay: Stay | undefined;
  /** Whether the last stay was ended by `leave`. */
  #left = false;
  /** What could not be repaired by trying again. */
  #endedBy: ParleyError | undefined;
  /** Why the last connection was lost. */
  #lastLoss: ParleyError | undefined;
  #giveUpTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RoomClientOptions) {
    super();
    const { credentials, retryDelayMs, ca, url = globalThis.location?.origin, logger = SILENT } = options;
    if (url === undefined) throw new TypeError('url: required outside of a page');
    this.#options = options;
    this.#logger = logger;
    this.#channel = new SignalingChannel({
      url,
      credentials,
      logger,
      ca,
      ...(options.path === undefined ? {} : { path: options.path }),
      ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
      onNotification: (notification) => this.#onAnyNotification(notification),
      onDisconnected: (event) => this.#onDisconnected(event),
      onReconnected: () => {
        // A join that waits tries again by itself.
        if (this.#entry.retry()) return;
        this.#steps
          .run(() => this.#comeBack())
          .catch((error: unknown) => this.#channel.restart(asParleyError(error, 'INTERNAL')));
      },
    });
    this.#entry = new RoomEntry({ channel: this.#channel, onWaiting: () => this.#setState('waiting') });
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

  /** Whether newcomers wait until a moderator admits them. */
  get waitingRoom(): boolean {
    return this.#room.waitingRoom;
  }

  /** Whether this participant paused their own transcription with `setOffTheRecord`. */
  get offTheRecord(): boolean {
    return this.self?.notTranscribed?.includes('offTheRecord') === true;
  }

  /** Whether a moderator paused the transcription of everyone. */
  get roomOffTheRecord(): boolean {
    return this.#room.roomOffTheRecord;
  }

  /** The wording of the consent, if the room transcribes only those who consent. */
  get consent(): ConsentWording | undefined {
    return this.#room.consent;
  }

  /** The same while this participant has not consented, so that they are not transcribed. */
  get consentNeeded(): ConsentWording | undefined {
    return this.self?.notTranscribed?.includes('noConsent') === true ? this.#room.consent : undefined;
  }

  /** For moderators: the secret that guests need to join this meeting (`JoinOptions.roomSecret`); undefined without one. */
  get roomSecret(): string | undefined {
    return this.#room.roomSecret;
  }

  /**
   * With it, anyone moderates this meeting (`JoinOptions.moderatorKey`). Known to the guest who opened the room, and to those who joined with
   * it. The server shows it once: keep it for another device.
   */
  get moderatorKey(): string | undefined {
    return this.#stay?.moderatorKey;
  }

  /** For moderators: who waits to be admitted, the longest first. The same array until it changes. */
  get waiting(): readonly WaitingParticipant[] {
    return this.#room.waiting;
  }

  /**
   * Connects and sends the credentials. Call `join` within 10 s. After a failure it can be called again.
   * @throws ParleyError, as a rejection: `CONNECTION_FAILED`, `WEBSOCKET_BLOCKED`, `NOT_A_PARLEY_SERVER`, `UNAUTHENTICATED`, `JOIN_SECRET_REQUIRED`, `INVALID_DISPLAY_NAME`,
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
   * If a moderator has to admit this participant, the client is `waiting` until that has happened, also through lost connections; `leave`
   * ends the wait. With `waitForAdmission: false`, the promise is rejected with `ADMISSION_REQUIRED` instead.
   *
   * @example
   * const { participantId, meetingStartedAtMs } = await client.join({ room: 'daily' });
   *
   * @throws ParleyError, as a rejection: `INVALID_ROOM_NAME`, `ALREADY_JOINED`, `ROOM_FULL`, `TOO_MANY_ROOMS`, `TOO_MANY_OPEN_ROOMS`,
   * `ROOM_NOT_LISTED`, `MEDIA_UNAVAILABLE`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`; `NOT_JOINED` or `CLIENT_CLOSED` when `leave` or `close` came first;
   * `ADMISSION_REFUSED`, after which the client is `disconnected`, `WAITING_ROOM_FULL`, `ROOM_SECRET_REQUIRED`, `MODERATOR_KEY_INVALID`
   */
  async join(options: JoinOptions): Promise<JoinResult> {
    if (this.#state === 'disconnected') throw errorOf('CLIENT_CLOSED');
    if (this.#stay !== undefined) throw errorOf('ALREADY_JOINED');
    const { offTheRecord = false, consentVersion } = options;
    const stay: Stay = { options, media: this.#newMedia(options), offTheRecord, consentVersion };
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
   * Sends a newer token of the same sign-in, without interrupting media. Call it on `tokenExpiring` if `credentials` is not a
   * function.
   * @throws ParleyError, as a rejection: `TOKEN_MISMATCH`, `UNAUTHENTICATED`, `SIGNED_OUT`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async refreshToken(token: string): Promise<void> {
    await this.#channel.request('refreshToken', { token });
  }

  /**
   * Pauses the transcription of this participant, or continues it. Once this resolves, the server neither decodes nor keeps what they say; the
   * others still hear it, and see that it is off the record. Nobody else can end it. The choice holds through reconnects; if the connection is lost before
   * the answer, it takes effect with the reconnect.
   * @throws ParleyError, as a rejection: `RATE_LIMITED` if it is continued too often, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async setOffTheRecord(on: boolean): Promise<void> {
    const stay = this.#stay;
    if (stay !== undefined && on) stay.offTheRecord = true;
    await this.#channel.request('setOffTheRecord', { on });
    if (stay !== undefined) stay.offTheRecord = on;
  }

  /**
   * Consents to being transcribed, where the room requires it (`consentRequired`). The choice holds through reconnects.
   *
   * @example
   * client.on('consentRequired', async ({ consent }) => {
   *   if (await ask(consent.text)) await client.giveConsent({ version: consent.version });
   * });
   *
   * @throws ParleyError, as a rejection: `CONSENT_OUTDATED` if that is not the version of the room's wording, `RATE_LIMITED`, `NOT_JOINED`,
   * `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async giveConsent({ version }: { version: string }): Promise<void> {
    const stay = this.#stay;
    await this.#channel.request('giveConsent', { version });
    if (stay !== undefined) stay.consentVersion = version;
  }

  /** Takes the consent back. Once this resolves, a room that requires consent neither decodes nor keeps what this participant says. */
  async withdrawConsent(): Promise<void> {
    if (this.#stay !== undefined) this.#stay.consentVersion = undefined;
    await this.#channel.request('withdrawConsent', {});
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
    if (this.#state === 'joined' || this.#state === 'waiting') this.#setState('connected');
    this.#leaving = this.#steps.run(() => this.#entry.leave()).catch(() => {});
    return this.#leaving;
  }

  /** Ends everything. Idempotent. The client cannot be used again. */
  close(): void {
    this.#end(this.#left ? 'left' : 'closed');
  }

  /** @internal Creates the media for a room that is about to be joined; none here. */
  protected createMedia(_options: {
    channel: Pick<SignalingChannel, 'request'>;
    join: JoinOptions;
  }): MediaSession | undefined {
    return undefined;
  }

  /** @internal Used instead of the server's ICE servers. */
  protected get iceServers(): IceServer[] | undefined {
    return undefined;
  }

  /** @internal */
  protected override request<N extends RequestName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    return this.#channel.request(name, request);
  }

  /** @internal The media of this stay; undefined before the join, and for a client without media. */
  protected get media(): MediaSession | undefined {
    return this.#stay?.joined === undefined ? undefined : this.#stay.media;
  }

  /** @internal Called once per stay, when it is over. */
  protected onStayEnded(): void {}

  /** @internal Called once, when the client is over, before this is emitted. */
  protected onEnded(): void {}

  /**
   * @internal Runs an action with the media of the room.
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
      // The connection may be lost again before this continues.
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
      const joined = await this.#joinOnServer(stay);
      this.#assertStaying(stay);
      this.#takeOver(stay, joined);
      const { routerRtpCapabilities } = joined;
      await stay.media?.open({ routerRtpCapabilities, iceServers: this.iceServers });
      this.#assertStaying(stay);
      this.#setState('joined');
      for (const notification of this.#early.release()) this.#onAnyNotification(notification);
      this.#askForConsent();
      void this.transcript.catchUp(joined.lastSeq);
      return joined;
    } catch (error) {
      this.#early.release();
      await this.#entry.leave();
      throw error;
    }
  }

  #askForConsent(): void {
    const consent = this.consentNeeded;
    if (consent !== undefined) this.emit('consentRequired', { consent });
  }

  /** A failure after the client was closed was caused by that. */
  #reasonOf(error: unknown): unknown {
    if (error === this.#endedBy) return error;
    return this.#state === 'disconnected' ? errorOf('CLIENT_CLOSED', { cause: error }) : error;
  }

  /** @throws ParleyError if this stay has ended in the meantime */
  #assertStaying(stay: Stay): void {
    if (this.#state === 'disconnected') throw errorOf('CLIENT_CLOSED');
    if (this.#stay !== stay) throw errorOf('NOT_JOINED');
  }

  async #joinOnServer(stay: Stay): Promise<JoinResult> {
    const { room, settings, roomSecret, moderatorKey, waitForAdmission = true } = stay.options;
    const joined = await this.#entry.join({
      request: {
        room,
        ...(settings === undefined ? {} : { settings }),
        ...(roomSecret === undefined ? {} : { roomSecret }),
        ...(stay.offTheRecord ? { offTheRecord: true as const } : {}),
        ...(stay.consentVersion === undefined ? {} : { consentVersion: stay.consentVersion }),
        // After the first join, the meeting knows its moderators, and another meeting does not know the key.
        ...(moderatorKey === undefined || stay.joined !== undefined ? {} : { moderatorKey }),
      },
      waitForAdmission,
      assertWanted: () => this.#assertStaying(stay),
    });
    if (stay.joined === undefined) stay.moderatorKey = joined.moderatorKey ?? moderatorKey;
    return joined;
  }

  /** Applies the server's answer. Changes since the last connection are emitted as events. */
  #takeOver(stay: Stay, joined: JoinResult): void {
    const before = stay.joined;
    stay.joined = joined;
    if (before !== undefined && before.meetingId !== joined.meetingId) stay.moderatorKey = joined.moderatorKey;
    this.transcript.begin({ meetingId: joined.meetingId });
    // The transcript was deleted meanwhile.
    this.transcript.forget(joined.transcriptFromMs ?? 0);
    if (before !== undefined && before.meetingId !== joined.meetingId) {
      this.emit('meetingChanged', {
        meetingId: joined.meetingId,
        previousMeetingId: before.meetingId,
        reason: joined.serverId === before.serverId ? 'meetingEnded' : 'serverRestarted',
      });
    }
    this.#room.takeOver(joined, { isReturn: before !== undefined });
    // Chosen before the page was loaded again: it must survive a restart of the server, too.
    stay.offTheRecord ||= this.offTheRecord;
  }

  #newMedia(join: JoinOptions): MediaSession | undefined {
    const media = this.createMedia({ channel: this.#channel, join });
    media?.on('error', (event) => this.emit('error', event));
    media?.on('silenced', ({ publication }) => this.emit('mutedByModerator', { publications: [publication] }));
    media?.on('lost', ({ error }) => this.#channel.restart(error));
    return media;
  }

  #onAnyNotification(notification: SignalingNotification): void {
    if (notification.name === 'admitted') this.#entry.retry();
    if (this.#early.keep(notification)) return;
    // Notifications of a room that was left may still arrive.
    if (this.#stay?.joined !== undefined) this.#onNotification(this.#stay, notification);
  }

  /** Passes a notification to the part that handles it. */
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
      case 'transcriptDeleted':
        this.transcript.forget(payload.beforeMs);
        this.emit(name, payload);
        return;
      case 'admitted':
      case 'dismissed':
        // The channel keeps the reason; its `disconnected` follows.
        return;
      default:
        this.#room.apply(notification);
        if (name === 'tokenExpiring') void this.#renewToken();
        if (name === 'roomConsentChanged') this.#askForConsent();
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
    this.#entry.onConnectionLost();
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
    // A join that waited for the connection has come back by itself.
    if (stay?.joined !== undefined && !this.#entry.isInRoom) {
      const { meetingId } = stay.joined;
      try {
        const joined = await this.#enter(stay);
        this.emit('reconnected', { resumed: joined.meetingId === meetingId });
      } catch (error) {
        if (this.#stay === stay) this.#onRefused(error);
        // If the room was left in the meantime, the client stays connected.
      }
    }
    if (this.#state === 'reconnecting' && this.#channel.connected && this.#stay?.joined === undefined) {
      this.#setState('connected');
    }
  }

  /** The room could not be rejoined. */
  #onRefused(error: unknown): void {
    // The connection was lost again: the next one tries again.
    if (!this.#channel.connected) return;
    const known = asParleyError(error, 'INTERNAL');
    this.#logger.warn('the room could not be rejoined', { code: known.code });
    if (known.retryable) this.#channel.restart(known);
    else this.#endWith(known);
  }

  /** Ends the client with an error that a retry cannot fix. */
  #endWith(error: ParleyError): void {
    const reason = disconnectReasonOf({ error, lastLoss: this.#lastLoss });
    this.#endedBy = error;
    this.#entry.abort(error);
    // A listener may close the client; the reason stays the same.
    this.#disconnectReason = reason;
    this.emit('disconnected', { error, willReconnect: false });
    this.#end(reason);
  }

  /** Limits the time from a lost connection to the reconnect. */
  #giveUpLater(): void {
    const { reconnectTimeoutMs = defaults.reconnectTimeoutMs } = this.#options;
    if (reconnectTimeoutMs === Number.POSITIVE_INFINITY) return;
    const dueAtMs = Date.now() + reconnectTimeoutMs;
    this.#giveUpTimer = setTimeout(() => {
      // Time that the machine slept does not count.
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

  /** Removes this client from the room on this side. */
  #forget(stay: Stay): void {
    stay.media?.close();
    if (this.#stay !== stay) return;
    this.#stay = undefined;
    this.#entry.abort(errorOf('NOT_JOINED'));
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
