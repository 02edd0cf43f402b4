import { MediaSession } from './media/MediaSession.js';
import { Publication } from './media/Publication.js';
import { RemoteAudio } from './media/RemoteAudio.js';
import {
  type Credentials,
  type IceServer,
  type JoinResult,
  type NotificationName,
  type Notifications,
  ParleyError,
  type Participant,
  type Segment,
  type TrackName,
  type TranscriptionStatus,
} from './protocol/index.js';
import { SignalingChannel } from './signaling/SignalingChannel.js';
import { TypedEmitter } from './TypedEmitter.js';
import { TranscriptView } from './transcript/TranscriptView.js';

export interface ParleyClientOptions {
  /** Address of the server, e.g. `https://meet.example:8443`. Default: where the page comes from. */
  url?: string;
  credentials: Credentials;
  /** Used instead of the ones that the server names. */
  iceServers?: IceServer[];
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
  /** A new version of a segment: interim, final or gap. `client.transcript` has it already. */
  segmentUpdated: { segment: Segment };
  segmentRetracted: { segmentId: string };
  disconnected: { error: ParleyError; willReconnect: boolean };
  /** Back in the room, with the transcript caught up and the tracks published again. */
  reconnected: undefined;
  /** Something failed that no call of yours was waiting for. */
  error: { error: ParleyError };
}

export interface JoinOptions {
  room: string;
  /** Default true. Without, this client neither receives nor plays the others' audio. */
  receiveAudio?: boolean;
}

/**
 * One person (or program) in one room: audio out, audio in, and who said what.
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
  readonly #channel: SignalingChannel;
  readonly #participants = new Map<string, Participant>();
  readonly #publications = new Set<Publication>();
  #state: ClientState = 'idle';
  #joining: JoinOptions | undefined;
  #joined: JoinResult | undefined;
  #transcription: TranscriptionStatus | undefined;
  #media: MediaSession | undefined;
  /** Notifications that came before the answer to `join`. */
  #early: SignalingNotification[] | undefined;
  /** Steps of media, one after the other. */
  #steps: Promise<unknown> = Promise.resolve();

  constructor(options: ParleyClientOptions) {
    super();
    this.#options = options;
    const url = options.url ?? globalThis.location.origin;
    this.#channel = new SignalingChannel({ url, credentials: options.credentials });
    this.transcript = new TranscriptView({
      resume: async (afterSeq) => {
        const page = await this.#channel.request('resumeTranscript', { afterSeq });
        for (const segment of page.segments) this.emit('segmentUpdated', { segment });
        return page;
      },
    });
    this.#channel.on('notification', (notification) => {
      if (this.#early === undefined) this.#onNotification(notification);
      else this.#early.push(notification);
    });
    this.#channel.on('disconnected', (event) => this.#onDisconnected(event));
    this.#channel.on('reconnected', () => void this.#onReconnected());
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Everybody in the room, oneself included, by participant id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  get self(): Participant | undefined {
    return this.#joined === undefined ? undefined : this.#participants.get(this.#joined.participantId);
  }

  /** What the recogniser is; undefined before the join. */
  get transcription(): TranscriptionStatus | undefined {
    return this.#transcription;
  }

  /** @throws ParleyError, as a rejection: `CONNECTION_FAILED`, `UNAUTHENTICATED`, `JOIN_SECRET_REQUIRED`, `INVALID_DISPLAY_NAME`, `PROTOCOL_VERSION_UNSUPPORTED` */
  async connect(): Promise<void> {
    if (this.#state === 'closed') throw new ParleyError('CLIENT_CLOSED');
    if (this.#state !== 'idle') return;
    this.#setState('connecting');
    try {
      await this.#channel.connect();
    } catch (error) {
      // Closed while it was on its way: that stays.
      if ((this.#state as ClientState) !== 'closed') this.#setState('idle');
      throw error;
    }
    this.#setState('connected');
  }

  /**
   * Enters a room, to be called within 10 s of `connect`. The transcript so far is fetched in the background.
   * @throws ParleyError, as a rejection: `INVALID_ROOM_NAME`, `ALREADY_JOINED`, `ROOM_FULL`, `TOO_MANY_ROOMS`, `MEDIA_UNAVAILABLE`, `BROWSER_UNSUPPORTED`
   */
  async join(options: JoinOptions): Promise<JoinResult> {
    if (this.#joining !== undefined) throw new ParleyError('ALREADY_JOINED');
    this.#joining = options;
    try {
      return await this.#enter(options);
    } catch (error) {
      this.#joining = undefined;
      throw error;
    }
  }

  /**
   * Sends a track to the room, which hears and transcribes it.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `TOO_MANY_PRODUCERS`, `INVALID_RTP_PARAMETERS`, `MEDIA_UNAVAILABLE`
   */
  async publish(track: MediaStreamTrack, options: { track?: TrackName } = {}): Promise<Publication> {
    const publication = new Publication({
      name: options.track ?? 'microphone',
      track,
      host: {
        enqueue: (step) => this.#enqueue(step),
        setPaused: async ({ producerId, paused }) => {
          await this.#channel.request(paused ? 'pauseProducer' : 'resumeProducer', { producerId });
        },
        closeProducer: async (producerId) => {
          if (this.#state === 'joined') await this.#channel.request('closeProducer', { producerId });
        },
        forget: (closed) => this.#publications.delete(closed),
      },
    });
    await this.#enqueue(async () => {
      if (this.#state !== 'joined' || this.#media === undefined) throw new ParleyError('NOT_JOINED');
      await this.#media.publish(publication);
      this.#publications.add(publication);
    });
    return publication;
  }

  /** Leaves the room; the connection stays and another room can be joined. Tracks are left to their owner. */
  async leave(): Promise<void> {
    if (this.#joining === undefined) return;
    this.#joining = undefined;
    await this.#enqueue(async () => {
      this.#forgetRoom();
      if (this.#channel.connected) await this.#channel.request('leave', {});
    });
    if (this.#state === 'joined' || this.#state === 'reconnecting') this.#setState('connected');
  }

  /** Ends everything. Idempotent; the client cannot be used again. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#joining = undefined;
    this.#forgetRoom();
    this.#channel.close();
    this.audio.close();
    this.#setState('closed');
    this.removeAllListeners();
  }

  async #enter(options: JoinOptions): Promise<JoinResult> {
    this.#early = [];
    try {
      const joined = await this.#channel.request('join', { room: options.room });
      if (this.#joined !== undefined && this.#joined.meetingId !== joined.meetingId) this.transcript.reset();
      this.#joined = joined;
      this.#transcription = joined.transcription;
      this.#participants.clear();
      for (const participant of joined.participants) this.#participants.set(participant.participantId, participant);
      await this.#openMedia(options);
      this.#setState('joined');
      this.#replayEarly();
      void this.transcript.catchUp(joined.lastSeq);
      return joined;
    } catch (error) {
      this.#early = undefined;
      if (this.#joined !== undefined && this.#channel.connected)
        await this.#channel.request('leave', {}).catch(() => {});
      throw error;
    }
  }

  async #openMedia(options: JoinOptions): Promise<void> {
    const joined = this.#joined;
    if (joined === undefined) return;
    this.#media?.close();
    this.#media = undefined;
    this.#media = await MediaSession.create({
      channel: this.#channel,
      routerRtpCapabilities: joined.routerRtpCapabilities,
      iceServers: this.#options.iceServers ?? joined.iceServers,
      receive: options.receiveAudio !== false,
      onTrack: (subscription) => {
        this.audio.add(subscription);
        this.emit('trackSubscribed', subscription);
      },
      onTrackEnded: (subscription) => {
        this.audio.remove(subscription.consumerId);
        this.emit('trackUnsubscribed', subscription);
      },
      onError: (error) => this.emit('error', { error }),
    });
  }

  #replayEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const notification of early) this.#onNotification(notification);
  }

  #onNotification({ name, payload }: SignalingNotification): void {
    switch (name) {
      case 'participantJoined':
      case 'participantUpdated':
        this.#participants.set(payload.participant.participantId, payload.participant);
        this.emit(name, payload);
        return;
      case 'participantLeft':
        this.#participants.delete(payload.participantId);
        this.emit(name, payload);
        return;
      case 'speechStarted':
      case 'speechEnded': {
        const participant = this.#participants.get(payload.participantId);
        if (participant !== undefined) {
          this.#participants.set(payload.participantId, { ...participant, speaking: name === 'speechStarted' });
        }
        this.emit(name, payload);
        return;
      }
      case 'consumerCreated':
        this.#inBackground(this.#enqueue(async () => this.#media?.consume(payload)));
        return;
      case 'consumerClosed':
        this.#media?.unsubscribe(payload.consumerId);
        return;
      case 'transportClosed':
        if (this.#media?.owns(payload.transportId) === true) this.#inBackground(this.#rebuildMedia());
        return;
      case 'mediaRestarted':
        if (this.#joined !== undefined)
          this.#joined = { ...this.#joined, routerRtpCapabilities: payload.routerRtpCapabilities };
        this.#inBackground(this.#rebuildMedia());
        return;
      case 'interimUpdated':
        if (this.transcript.applyInterim(payload.segment)) this.emit('segmentUpdated', payload);
        return;
      case 'segmentCommitted':
        if (this.transcript.applyCommitted(payload.segment)) this.emit('segmentUpdated', payload);
        return;
      case 'interimRetracted':
        if (this.transcript.retract(payload.segmentId)) this.emit('segmentRetracted', payload);
        return;
      case 'transcriptionChanged':
        this.#transcription = payload.transcription;
        this.emit(name, payload);
        return;
      case 'dismissed':
        // The channel keeps the reason; what follows is its `disconnected`.
        return;
    }
  }

  /** New transports, and the same tracks on them. */
  #rebuildMedia(): Promise<void> {
    return this.#enqueue(async () => {
      const options = this.#joining;
      if (options === undefined) return;
      await this.#leaveRoomForMedia(options);
      for (const publication of this.#publications) await this.#media?.publish(publication);
    });
  }

  /** The server allows one transport a direction; joining again gives a clean slate on both sides. */
  async #leaveRoomForMedia(options: JoinOptions): Promise<void> {
    this.#media?.close();
    await this.#channel.request('leave', {});
    await this.#enter(options);
  }

  #onDisconnected({ error, willReconnect }: { error: ParleyError; willReconnect: boolean }): void {
    this.#media?.close();
    this.#media = undefined;
    if (willReconnect) this.#setState('reconnecting');
    this.emit('disconnected', { error, willReconnect });
    if (!willReconnect) this.close();
  }

  async #onReconnected(): Promise<void> {
    const options = this.#joining;
    if (options === undefined) {
      this.#setState('connected');
      return;
    }
    try {
      await this.#enqueue(async () => {
        await this.#enter(options);
        this.transcript.dropInterims();
        for (const publication of this.#publications) await this.#media?.publish(publication);
      });
      this.emit('reconnected', undefined);
    } catch (error) {
      // Lost again on the way: the next reconnect tries again. A refusal is told.
      const known = asParleyError(error);
      if (known.code !== 'CONNECTION_LOST') this.emit('error', { error: known });
    }
  }

  #forgetRoom(): void {
    for (const publication of this.#publications) publication.producer?.close();
    this.#publications.clear();
    this.#media?.close();
    this.#media = undefined;
    this.#joined = undefined;
    this.#participants.clear();
    this.transcript.reset();
  }

  #enqueue<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#steps.then(step);
    this.#steps = done.catch(() => {});
    return done;
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      const known = asParleyError(error);
      // A lost connection is told by `disconnected`, a left room by whoever left it.
      if (!['CONNECTION_LOST', 'CLIENT_CLOSED', 'NOT_JOINED'].includes(known.code))
        this.emit('error', { error: known });
    });
  }

  #setState(state: ClientState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit('stateChanged', { state });
  }
}

type SignalingNotification = {
  [Name in NotificationName]: { name: Name; payload: Notifications[Name] };
}[NotificationName];

function asParleyError(error: unknown): ParleyError {
  return error instanceof ParleyError ? error : new ParleyError('CONNECTION_LOST', { cause: error });
}
