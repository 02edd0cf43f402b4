import { ConnectionMonitor } from './ConnectionMonitor.js';
import { credentialsOf, type JoinOptions, type JoinRoomOptions, type ParleyClientOptions } from './clientOptions.js';
import { defaults } from './defaults.js';
import { followMicrophone } from './media/followMicrophone.js';
import { LocalMicrophone, type LocalMicrophoneOptions } from './media/LocalMicrophone.js';
import { MediaSession } from './media/MediaSession.js';
import type { Publication } from './media/Publication.js';
import type { ConnectionQuality } from './media/qualityOf.js';
import { RemoteAudio } from './media/RemoteAudio.js';
import { onNetworkChange } from './networkChanges.js';
import { asParleyError } from './parleyErrors.js';
import { errorOf, type IceServer, type ParleyError, type TrackName } from './protocol/index.js';
import { RoomClient } from './RoomClient.js';
import type { SignalingChannel } from './signaling/SignalingChannel.js';

/** A microphone that is being sent. */
interface PublishedMicrophone {
  readonly microphone: LocalMicrophone;
  readonly publication: Publication;
  unfollow(): void;
}

/**
 * A participant (a person or a program) in one room: sends and receives audio, and receives the transcript.
 *
 * After a lost connection the client reconnects by itself: it joins again as the same participant, publishes the same tracks and fetches
 * the part of the transcript that it missed. An error that it cannot recover from disconnects it for good.
 *
 * @example
 * const client = await ParleyClient.join({ room: 'daily', name: 'Ada', microphone: true });
 * client.on('segmentUpdated', ({ segment }) => console.log(segment.displayName, segment.text));
 */
export class ParleyClient extends RoomClient {
  /** Plays the other participants. */
  readonly audio = new RemoteAudio();
  readonly #options: ParleyClientOptions;
  readonly #monitor: ConnectionMonitor;
  readonly #stopWatchingNetwork: () => void;
  #published: PublishedMicrophone | undefined;
  /** The pending call of `publishMicrophone`. */
  #publishing: object | undefined;
  /** Opened by `ParleyClient.join`, and therefore closed with the client. */
  #ownMicrophone: LocalMicrophone | undefined;

  constructor(options: ParleyClientOptions) {
    super(options);
    this.#options = options;
    this.#monitor = new ConnectionMonitor({
      measure: async () => this.media?.measure(),
      selfId: () => this.self?.participantId,
      sends: (participantId) => {
        // A lost microphone sends nothing, which is not packet loss.
        if (participantId === this.self?.participantId && this.media?.speaks !== true) return false;
        const participant = this.participants.get(participantId);
        return participant?.publishing === true && !participant.muted;
      },
      onChange: (event) => this.emit('connectionQualityChanged', event),
    });
    this.#stopWatchingNetwork = onNetworkChange(() => this.media?.restartIce());
    this.audio.on('playbackBlocked', () => this.emit('audioPlaybackBlocked'));
    this.audio.on('playbackResumed', () => this.emit('audioPlaybackResumed'));
    const onMuted = ({ publications }: { publications: Publication[] }) => {
      if (publications.some((each) => each === this.#published?.publication)) this.#published?.microphone.mute();
    };
    this.on('mutedByModerator', onMuted);
    this.on('participantMuted', onMuted);
    this.on('stateChanged', ({ state }) => {
      if (state === 'joined') this.#monitor.start();
      if (state === 'reconnecting') this.#monitor.suspend();
    });
  }

  /**
   * Connects, joins and, if requested, publishes the microphone. If a step fails, the client is closed. A microphone that cannot be
   * opened does not prevent the join: there is an `error` event, and `client.microphone` stays undefined.
   *
   * @example
   * const client = await ParleyClient.join({ url: 'https://meet.example:8443', room: 'daily', name: 'Ada', microphone: true });
   * client.on('segmentUpdated', ({ segment }) => console.log(segment.displayName, segment.text));
   *
   * @example Captions next to a call whose sound comes from elsewhere
   * await ParleyClient.join({ room: 'daily', getToken, playback: false });
   *
   * @throws ParleyError, as a rejection, like `connect` and `join`; TypeError unless exactly one identity option is set
   */
  static async join(options: JoinRoomOptions): Promise<ParleyClient> {
    const { room, settings, playback, waitForAdmission, roomSecret, moderatorKey } = options;
    const { microphone = false, onWaiting, offTheRecord, consentVersion } = options;
    const client = new ParleyClient({ ...options, credentials: credentialsOf(options) });
    let end: ParleyError | undefined;
    const off = client.on('disconnected', ({ error, willReconnect }) => {
      if (!willReconnect) end = error;
    });
    client.on('stateChanged', ({ state }) => {
      if (state === 'waiting') onWaiting?.(client);
    });
    try {
      await client.connect();
      await client.join({
        room,
        ...(settings === undefined ? {} : { settings }),
        ...(playback === undefined ? {} : { playback }),
        ...(waitForAdmission === undefined ? {} : { waitForAdmission }),
        ...(roomSecret === undefined ? {} : { roomSecret }),
        ...(moderatorKey === undefined ? {} : { moderatorKey }),
        ...(offTheRecord === undefined ? {} : { offTheRecord }),
        ...(consentVersion === undefined ? {} : { consentVersion }),
      });
      if (microphone !== false) await client.#publishWanted(microphone === true ? {} : microphone);
      // The participant may have been removed while the browser asked for permission.
      if (end !== undefined) throw end;
    } catch (error) {
      client.close();
      throw error;
    }
    off();
    return client;
  }

  /** The microphone sent by `publishMicrophone`. */
  get microphone(): LocalMicrophone | undefined {
    return this.#published?.publication.closed === false ? this.#published.microphone : undefined;
  }

  /**
   * Sends a track to the room, where it is played and transcribed. The track stays yours: stop it when you no longer need it. If its
   * device ends it, the others see it as muted until `replaceTrack`. For a microphone prefer `publishMicrophone`, which also handles
   * its device.
   *
   * @example
   * const publication = await client.publish(await captureMicrophone());
   * await publication.mute();
   *
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `TOO_MANY_PRODUCERS`, `INVALID_RTP_PARAMETERS`, `MEDIA_UNAVAILABLE`,
   * `MICROPHONE_NOT_FOUND`, `BROWSER_UNSUPPORTED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`, `CLIENT_CLOSED`
   */
  publish(track: MediaStreamTrack, options: { track?: TrackName } = {}): Promise<Publication> {
    return this.withMedia(async (media) => {
      const publication = await media.publish({ track, name: options.track ?? 'microphone' });
      if (this.#isSilenced) publication.silence();
      return publication;
    });
  }

  /**
   * Sends a microphone in its current state and follows its changes: device, `mute`, `unmute`. While it is `lost`, the others see it
   * as muted. A moderator's mute mutes it, and keeps it muted until it is lifted. Mute the microphone itself, not its publication: it does not follow the publication. It stays
   * yours: close it when you no longer need it.
   * @throws ParleyError, as a rejection, like `publish`; `TOO_MANY_PRODUCERS` if one is already published or being published
   */
  async publishMicrophone(microphone: LocalMicrophone): Promise<Publication> {
    if (this.microphone !== undefined || this.#publishing !== undefined) {
      throw errorOf('TOO_MANY_PRODUCERS', {
        message: 'A microphone is published already. Close its publication first.',
      });
    }
    const publishing = {};
    this.#publishing = publishing;
    try {
      const { track, muted } = microphone;
      const publication = await this.withMedia((media) =>
        media.publish({ track, muted, name: 'microphone', followed: true }),
      );
      // The room was left in the meantime.
      if (this.#publishing !== publishing)
        throw errorOf(this.state === 'disconnected' ? 'CLIENT_CLOSED' : 'NOT_JOINED');
      // Muted by a moderator before it was sent.
      if (this.#isSilenced) microphone.mute();
      // The previous publication may have been closed but still be followed.
      this.#published?.unfollow();
      const unfollow = followMicrophone({ microphone, publication, onError: (error) => this.#tell(error) });
      this.#published = { microphone, publication, unfollow };
      return publication;
    } finally {
      if (this.#publishing === publishing) this.#publishing = undefined;
    }
  }

  /** Starts sound that the browser has blocked (`audioPlaybackBlocked`). Call it from a click handler. */
  resumeAudio(): Promise<void> {
    return this.audio.resume();
  }

  /** Latest measured connection quality of a participant, including this one; undefined for participants who send no audio. */
  connectionQuality(participantId: string): ConnectionQuality | undefined {
    return this.#monitor.qualityOf(participantId);
  }

  protected override createMedia(options: {
    channel: Pick<SignalingChannel, 'request'>;
    join: JoinOptions;
  }): MediaSession {
    const { device, logger } = this.#options;
    const media = new MediaSession({
      channel: options.channel,
      receive: options.join.playback ?? defaults.playback,
      device,
      ...(logger === undefined ? {} : { logger }),
    });
    media.on('trackSubscribed', (subscription) => {
      this.audio.add(subscription);
      this.emit('trackSubscribed', subscription);
    });
    media.on('trackUnsubscribed', (subscription) => {
      this.audio.remove(subscription);
      this.emit('trackUnsubscribed', subscription);
    });
    return media;
  }

  protected override get iceServers(): IceServer[] | undefined {
    return this.#options.iceServers;
  }

  protected override onStayEnded(): void {
    this.#monitor.stop();
    this.#published?.unfollow();
    this.#published = undefined;
    this.#publishing = undefined;
    this.#ownMicrophone?.close();
    this.#ownMicrophone = undefined;
  }

  protected override onEnded(): void {
    this.#stopWatchingNetwork();
    this.audio.close();
  }

  get #isSilenced(): boolean {
    return this.self?.mutedByModerator === true;
  }

  async #publishWanted(wanted: LocalMicrophone | LocalMicrophoneOptions): Promise<void> {
    let own: LocalMicrophone | undefined;
    try {
      if (!(wanted instanceof LocalMicrophone)) own = await LocalMicrophone.create(wanted);
      await this.publishMicrophone(wanted instanceof LocalMicrophone ? wanted : (own as LocalMicrophone));
      this.#ownMicrophone = own;
    } catch (error) {
      own?.close();
      // Emitted later, so that the caller has had time to add listeners.
      setTimeout(() => this.#tell(error), 0);
    }
  }

  #tell(error: unknown): void {
    if (this.state !== 'disconnected') this.emit('error', { error: asParleyError(error, 'MICROPHONE_NOT_FOUND') });
  }
}
