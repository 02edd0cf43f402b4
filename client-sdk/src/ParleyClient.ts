import type { DeviceOptions } from 'mediasoup-client/types';
import { type Logger, SILENT } from './Logger.js';
import { MediaSession } from './media/MediaSession.js';
import type { Publication } from './media/Publication.js';
import { RemoteAudio } from './media/RemoteAudio.js';
import { asParleyError, codeOf } from './parleyErrors.js';
import {
  type Credentials,
  type Grant,
  type IceServer,
  type JoinResult,
  type Notifications,
  ParleyError,
  type Participant,
  type ParticipantLedger,
  type RequestOf,
  type ResponseOf,
  type Segment,
  type SpeechOverrides,
  type TrackName,
  type TranscriptionStatus,
} from './protocol/index.js';
import { Roster } from './Roster.js';
import { SignalingChannel, type SignalingNotification } from './signaling/SignalingChannel.js';
import { TaskQueue } from './TaskQueue.js';
import { TypedEmitter } from './TypedEmitter.js';
import { TranscriptView } from './transcript/TranscriptView.js';

export interface ParleyClientOptions {
  /** Address of the server, e.g. `https://meet.example:8443`. Default: where the page comes from. */
  url?: string;
  /** A function is asked before each connection, and when a token runs out: give it tokens that are refreshed. */
  credentials: Credentials | (() => Promise<Credentials>);
  /** Used instead of the ones that the server names. */
  iceServers?: IceServer[];
  /** Between attempts to come back after a loss: doubled each time, scattered by half. Default 500 to 5,000 ms. */
  retryDelayMs?: { min: number; max: number };
  /** Default: silence. */
  logger?: Logger;
  /** For other engines than a browser's: what mediasoup-client's `Device` takes, e.g. a `handlerFactory`. */
  device?: DeviceOptions;
}

export type ClientState = 'idle' | 'connecting' | 'connected' | 'joined' | 'reconnecting' | 'closed';

export interface ParleyClientEvents {
  stateChanged: { state: ClientState };
  participantJoined: { participant: Participant };
  participantUpdated: { participant: Participant };
  participantLeft: Notifications['participantLeft'];
  speechStarted: Notifications['speechStarted'];
  speechEnded: Notifications['speechEnded'];
  /** Somebody's audio has arrived. `client.audio` plays it already. */
  trackSubscribed: { participantId: string; consumerId: string; track: MediaStreamTrack };
  trackUnsubscribed: { participantId: string; consumerId: string };
  transcriptionChanged: { transcription: TranscriptionStatus };
  /** The room's settings changed, or one's own; `settings` are the resolved ones. */
  settingsChanged: Notifications['settingsChanged'];
  /** What a speaker's track is doing: inactive, listening, waiting for a wake phrase, recording, transcribing. */
  speakerStateChanged: Notifications['speakerStateChanged'];
  /** Steps of a track on its way to text. The frequent ones come after `subscribeDiagnostics(true)` only. */
  speakerActivity: Notifications['speakerActivity'];
  /** Where every millisecond of a speaker's audio has gone; every few seconds while it changes. */
  ledgerUpdated: Notifications['ledgerUpdated'];
  /** The recogniser is behind: interims come less often, or not at all. */
  transcriptionDegraded: Notifications['transcriptionDegraded'];
  transcriptionRecovered: Notifications['transcriptionRecovered'];
  /** One's token runs out soon. With a function for `credentials` it is renewed by itself. */
  tokenExpiring: Notifications['tokenExpiring'];
  /** What one may do here from now on; `client.grants` has it already. */
  grantsChanged: Notifications['grantsChanged'];
  /** A moderator muted these; `unmute` goes on. */
  mutedByModerator: { publications: Publication[] };
  /** Whether somebody else may come in; `client.locked` has it already. */
  roomLockChanged: Notifications['roomLockChanged'];
  /** A new version of a segment: interim, final or gap. `client.transcript` has it already. */
  segmentUpdated: { segment: Segment };
  /** An interim that turned out to be no speech, or that a lost connection left unfinished. */
  segmentRetracted: { segmentId: string };
  /** Once for each loss. Without `willReconnect` the client is closed. */
  disconnected: { error: ParleyError; willReconnect: boolean };
  /** Back in the room, and what was published is published again; what was said meanwhile follows by `segmentUpdated`. */
  reconnected: undefined;
  /** Something failed that no call of yours was waiting for. */
  error: { error: ParleyError };
}

export interface JoinOptions {
  room: string;
  /** One's own settings, over those of the room. */
  settings?: SpeechOverrides;
  /** Default true. Without, this client neither receives nor plays the others' audio. */
  receiveAudio?: boolean;
}

/** The time between `join` and `leave`, through any number of connections. */
interface Stay {
  readonly options: JoinOptions;
  readonly media: MediaSession;
  /** Absent until the server has let us in. */
  joined?: JoinResult;
}

/** Joins and leaves that may wait for each other. */
const STEPS_CAPACITY = 16;
/** Notifications that may come before the answer to `join`; of more, interims are dropped: newer ones follow. */
const EARLY_CAPACITY = 1_000;

/**
 * One person (or program) in one room: audio out, audio in, and who said what.
 *
 * After a lost connection the client comes back by itself: it joins again as the same participant, publishes the same tracks
 * and fetches the part of the transcript that it missed. What it cannot come back from closes it.
 *
 * @example
 * const client = new ParleyClient({ credentials: guestCredentials({ displayName: 'Ada' }) });
 * client.on('segmentUpdated', ({ segment }) => console.log(segment.displayName, segment.text));
 * await client.connect();
 * await client.join({ room: 'daily' });
 * await client.publish(await captureMicrophone());
 */
export class ParleyClient extends TypedEmitter<ParleyClientEvents> {
  /** The transcript as a person reads it. */
  readonly transcript: TranscriptView;
  /** Plays the others. */
  readonly audio = new RemoteAudio();
  readonly #options: ParleyClientOptions;
  readonly #logger: Logger;
  readonly #channel: SignalingChannel;
  readonly #roster = new Roster();
  /** Joins and leaves, one after the other. */
  readonly #steps = new TaskQueue({ capacity: STEPS_CAPACITY });
  #state: ClientState = 'idle';
  #connecting: Promise<void> | undefined;
  #leaving: Promise<void> = Promise.resolve();
  #stay: Stay | undefined;
  /** Whether the server has this connection in a room. */
  #inRoom = false;
  #transcription: TranscriptionStatus | undefined;
  #grants: readonly Grant[] = [];
  #locked = false;
  /** Notifications that came before the answer to `join`. */
  #early: SignalingNotification[] | undefined;

  constructor(options: ParleyClientOptions) {
    super();
    const { credentials, retryDelayMs, url = globalThis.location?.origin, logger = SILENT } = options;
    if (url === undefined) throw new TypeError('url: outside of a page, the address of the server has to be given');
    this.#options = options;
    this.#logger = logger;
    this.#channel = new SignalingChannel({
      url,
      credentials,
      logger,
      ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
    });
    this.#channel.on('notification', (notification) => this.#onAnyNotification(notification));
    this.#channel.on('disconnected', (event) => this.#onDisconnected(event));
    this.#channel.on('reconnected', () => {
      this.#steps
        .run(() => this.#comeBack())
        .catch((error: unknown) => this.#channel.restart(asParleyError(error, 'INTERNAL')));
    });
    this.transcript = new TranscriptView({
      resume: (afterSeq) => this.#channel.request('resumeTranscript', { afterSeq }),
    });
    this.transcript.on('segmentUpdated', (event) => this.emit('segmentUpdated', event));
    this.transcript.on('segmentRetracted', (event) => this.emit('segmentRetracted', event));
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Everybody in the room, oneself included, by participant id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#roster.participants;
  }

  get self(): Participant | undefined {
    const joined = this.#stay?.joined;
    return joined === undefined ? undefined : this.participants.get(joined.participantId);
  }

  /** What the recogniser is; undefined before the join. */
  get transcription(): TranscriptionStatus | undefined {
    return this.#transcription;
  }

  /** What one may do in this room. */
  get grants(): readonly Grant[] {
    return this.#grants;
  }

  /** Whether nobody else may come in. */
  get locked(): boolean {
    return this.#locked;
  }

  /**
   * Connects and shows the credentials; to be followed by `join` within 10 s. After a failure it can be called again.
   * @throws ParleyError, as a rejection: `CONNECTION_FAILED`, `UNAUTHENTICATED`, `JOIN_SECRET_REQUIRED`, `INVALID_DISPLAY_NAME`,
   * `PROTOCOL_VERSION_UNSUPPORTED`, `CLIENT_CLOSED`
   */
  connect(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new ParleyError('CLIENT_CLOSED'));
    this.#connecting ??= this.#connect();
    return this.#connecting;
  }

  /**
   * Enters a room, after `connect`. The transcript so far is fetched in the background. A browser without WebRTC enters, too, and
   * reads along; the event `error` tells.
   *
   * @example
   * const { participantId, meetingStartedAtMs } = await client.join({ room: 'daily' });
   *
   * @throws ParleyError, as a rejection: `INVALID_ROOM_NAME`, `ALREADY_JOINED`, `ROOM_FULL`, `TOO_MANY_ROOMS`, `MEDIA_UNAVAILABLE`,
   * `REQUEST_TIMEOUT`, `CONNECTION_LOST`; `NOT_JOINED` or `CLIENT_CLOSED` when `leave` or `close` came first
   */
  async join(options: JoinOptions): Promise<JoinResult> {
    if (this.#state === 'closed') throw new ParleyError('CLIENT_CLOSED');
    if (this.#stay !== undefined) throw new ParleyError('ALREADY_JOINED');
    const stay: Stay = { options, media: this.#newMedia(options) };
    this.#stay = stay;
    try {
      return await this.#steps.run(() => this.#enter(stay));
    } catch (error) {
      this.#forget(stay);
      throw this.#reasonOf(error);
    }
  }

  /**
   * Sends a track to the room, which hears and transcribes it. The track stays yours: stop it when you need it no more.
   *
   * @example
   * const publication = await client.publish(await captureMicrophone());
   * await publication.mute();
   *
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `TOO_MANY_PRODUCERS`, `INVALID_RTP_PARAMETERS`, `MEDIA_UNAVAILABLE`,
   * `MICROPHONE_NOT_FOUND`, `BROWSER_UNSUPPORTED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`, `CLIENT_CLOSED`
   */
  async publish(track: MediaStreamTrack, options: { track?: TrackName } = {}): Promise<Publication> {
    if (this.#state === 'closed') throw new ParleyError('CLIENT_CLOSED');
    if (this.#stay?.joined === undefined) throw new ParleyError('NOT_JOINED');
    try {
      return await this.#stay.media.publish({ track, name: options.track ?? 'microphone' });
    } catch (error) {
      throw this.#reasonOf(error);
    }
  }

  /**
   * The settings that hold: the room's, one's own, and what there is to choose from.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  getSettings(): Promise<ResponseOf<'getSettings'>> {
    return this.#channel.request('getSettings', {});
  }

  /**
   * Changes settings in the middle of a meeting; `null` takes a value back to the inherited one.
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
   * Where every millisecond of everybody's audio has gone.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async getLedger(): Promise<ParticipantLedger[]> {
    return (await this.#channel.request('getLedger', {})).ledgers;
  }

  /**
   * Shows a newer token of the same sign-in; media goes on untouched. To be called on `tokenExpiring` where `credentials` is no
   * function.
   * @throws ParleyError, as a rejection: `TOKEN_MISMATCH`, `UNAUTHENTICATED`, `SIGNED_OUT`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async refreshToken(token: string): Promise<void> {
    await this.#channel.request('refreshToken', { token });
  }

  /**
   * Mutes somebody, who may unmute again. For moderators, as are the three after it.
   * @throws ParleyError, as a rejection: `FORBIDDEN`, `PARTICIPANT_NOT_FOUND`, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async muteParticipant(participantId: string): Promise<void> {
    await this.#channel.request('muteParticipant', { participantId });
  }

  /** Out of the room, for the rest of the meeting. @throws ParleyError as `muteParticipant` */
  async removeParticipant(participantId: string): Promise<void> {
    await this.#channel.request('removeParticipant', { participantId });
  }

  /** Whether somebody else may come in. @throws ParleyError as `muteParticipant` */
  async setRoomLocked(locked: boolean): Promise<void> {
    await this.#channel.request('setRoomLocked', { locked });
  }

  /** For everybody. @throws ParleyError as `muteParticipant` */
  async endMeeting(): Promise<void> {
    await this.#channel.request('endMeeting', {});
  }

  /**
   * Whether the frequent activities (`stabilized`, `audioRecorded`) are told. Off at first, and again after a reconnect.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async subscribeDiagnostics(on: boolean): Promise<void> {
    await this.#channel.request('subscribeDiagnostics', { on });
  }

  /**
   * Leaves the room; the connection stays and a room can be joined again. Sending and hearing end with the call, publications are
   * closed; the transcript stays to be read until another meeting is joined. Idempotent, never rejects.
   */
  leave(): Promise<void> {
    const stay = this.#stay;
    if (stay === undefined) return this.#leaving;
    this.#forget(stay);
    if (this.#state === 'joined') this.#setState('connected');
    this.#leaving = this.#steps.run(() => this.#leaveOnServer()).catch(() => {});
    return this.#leaving;
  }

  /** Ends everything. Idempotent; the client cannot be used again. */
  close(): void {
    if (this.#state === 'closed') return;
    if (this.#stay !== undefined) this.#forget(this.#stay);
    this.transcript.end();
    this.#channel.close();
    this.audio.close();
    this.#setState('closed');
    this.removeAllListeners();
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
    this.#early = [];
    try {
      const joined = await this.#joinOnServer(stay.options);
      this.#assertStaying(stay);
      this.#takeOver(stay, joined);
      const { routerRtpCapabilities } = joined;
      await stay.media.open({ routerRtpCapabilities, iceServers: this.#options.iceServers });
      this.#assertStaying(stay);
      this.#setState('joined');
      this.#replayEarly();
      void this.transcript.catchUp(joined.lastSeq);
      return joined;
    } catch (error) {
      this.#early = undefined;
      await this.#leaveOnServer();
      throw error;
    }
  }

  /** What failed because the client was closed failed because of that. */
  #reasonOf(error: unknown): unknown {
    return this.#state === 'closed' ? new ParleyError('CLIENT_CLOSED', { cause: error }) : error;
  }

  /** @throws ParleyError, when this stay has ended while something was waited for */
  #assertStaying(stay: Stay): void {
    if (this.#state === 'closed') throw new ParleyError('CLIENT_CLOSED');
    if (this.#stay !== stay) throw new ParleyError('NOT_JOINED');
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
    const isReturn = stay.joined !== undefined;
    stay.joined = joined;
    this.#transcription = joined.transcription;
    this.#grants = joined.grants;
    this.#locked = joined.locked;
    this.transcript.begin({ meetingId: joined.meetingId });
    const changes = this.#roster.replace(joined.participants);
    if (!isReturn) return;
    for (const participantId of changes.left) this.emit('participantLeft', { participantId, reason: 'left' });
    for (const participant of changes.joined) this.emit('participantJoined', { participant });
    for (const participant of changes.updated) this.emit('participantUpdated', { participant });
    this.emit('transcriptionChanged', { transcription: joined.transcription });
  }

  #newMedia({ receiveAudio = true }: JoinOptions): MediaSession {
    const media = new MediaSession({
      channel: this.#channel,
      receive: receiveAudio,
      device: this.#options.device,
      logger: this.#logger,
    });
    media.on('trackSubscribed', (subscription) => {
      this.audio.add(subscription);
      this.emit('trackSubscribed', subscription);
    });
    media.on('trackUnsubscribed', (subscription) => {
      this.audio.remove(subscription);
      this.emit('trackUnsubscribed', subscription);
    });
    media.on('error', (event) => this.emit('error', event));
    media.on('lost', ({ error }) => this.#channel.restart(error));
    return media;
  }

  #onAnyNotification(notification: SignalingNotification): void {
    if (this.#early === undefined) {
      // Of a room that was left, some may still be on their way.
      if (this.#stay?.joined !== undefined) this.#onNotification(this.#stay, notification);
    } else if (this.#early.length < EARLY_CAPACITY || notification.name !== 'interimUpdated') {
      this.#early.push(notification);
    }
  }

  #replayEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const notification of early) this.#onAnyNotification(notification);
  }

  #onNotification({ media }: Stay, { name, payload }: SignalingNotification): void {
    switch (name) {
      case 'participantJoined':
      case 'participantUpdated':
        this.#roster.set(payload.participant);
        this.emit(name, payload);
        return;
      case 'participantLeft':
        this.#roster.delete(payload.participantId);
        this.emit(name, payload);
        return;
      case 'speechStarted':
      case 'speechEnded':
        this.#roster.setSpeaking({ participantId: payload.participantId, speaking: name === 'speechStarted' });
        this.emit(name, payload);
        return;
      case 'consumerCreated':
        media.onConsumerCreated(payload);
        return;
      case 'consumerClosed':
        media.onConsumerClosed(payload);
        return;
      case 'transportClosed':
        media.onTransportClosed(payload);
        return;
      case 'mediaRestarted':
        media.onMediaRestarted(payload);
        return;
      case 'interimUpdated':
        this.transcript.applyInterim(payload.segment);
        return;
      case 'segmentCommitted':
        this.transcript.applyCommitted(payload.segment);
        return;
      case 'interimRetracted':
        this.transcript.retract(payload.segmentId);
        return;
      case 'settingsChanged':
        this.emit(name, payload);
        return;
      case 'speakerStateChanged':
        this.emit(name, payload);
        return;
      case 'speakerActivity':
        this.emit(name, payload);
        return;
      case 'ledgerUpdated':
        this.emit(name, payload);
        return;
      case 'transcriptionDegraded':
        this.#setDegradation(payload);
        this.emit(name, payload);
        return;
      case 'transcriptionRecovered':
        this.#setDegradation(undefined);
        this.emit(name, payload);
        return;
      case 'transcriptionChanged':
        this.#transcription = payload.transcription;
        this.emit(name, payload);
        return;
      case 'tokenExpiring':
        this.emit(name, payload);
        void this.#renewToken();
        return;
      case 'grantsChanged':
        this.#grants = payload.grants;
        this.emit(name, payload);
        return;
      case 'mutedByModerator':
        this.emit(name, { publications: media.onPausedByServer(payload.producerIds) });
        return;
      case 'roomLockChanged':
        this.#locked = payload.locked;
        this.emit(name, payload);
        return;
      case 'dismissed':
        // The channel keeps the reason; what follows is its `disconnected`.
        return;
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

  #setDegradation(degradation: TranscriptionStatus['degradation']): void {
    if (this.#transcription === undefined) return;
    const { degradation: _, ...status } = this.#transcription;
    this.#transcription = degradation === undefined ? status : { ...status, degradation };
  }

  #onDisconnected({ error, willReconnect }: { error: ParleyError; willReconnect: boolean }): void {
    this.#inRoom = false;
    this.#stay?.media.suspend();
    if (!willReconnect) {
      this.#endWith(error);
      return;
    }
    if (this.#state === 'reconnecting') return;
    this.#setState('reconnecting');
    this.emit('disconnected', { error, willReconnect });
  }

  async #comeBack(): Promise<void> {
    const stay = this.#stay;
    if (stay?.joined !== undefined) {
      try {
        await this.#enter(stay);
        this.emit('reconnected', undefined);
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
    this.emit('disconnected', { error, willReconnect: false });
    this.close();
  }

  /** This side is out of the room from now on. */
  #forget(stay: Stay): void {
    stay.media.close();
    if (this.#stay !== stay) return;
    this.#stay = undefined;
    this.#roster.clear();
    this.transcript.end();
  }

  #setState(state: ClientState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#logger.debug('state', { state });
    this.emit('stateChanged', { state });
  }
}
