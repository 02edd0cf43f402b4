import { createHmac, randomBytes } from 'node:crypto';
import {
  type DtlsParameters,
  type Grant,
  type IceServer,
  type LeaveReason,
  LIMITS,
  type NotificationName,
  type Notifications,
  ParleyError,
  type Participant,
  type ParticipantLedger,
  type RequestOf,
  type ResponseOf,
  type RtpCapabilities,
  type RtpParameters,
  type SettingsView,
  type SpeechOverrides,
  type TranscriptionStatus,
  type TransportParameters,
} from '@parley/client-sdk/protocol';
import { type MediaNode, monotonicNowMs, type SfuRoom, type SfuRoomEvent, type TimeSource } from '@parley/media';
import type { Identity } from '../auth/Authenticator.js';
import type { Settings } from '../config/settings.js';
import { describeSpeechSettings, OFFERED_MODES } from '../config/speechSettings.js';
import { iceServersFor } from '../edge/turnCredentials.js';
import type { Logger } from '../observability/logger.js';
import type { TranscriptLog } from '../transcripts/TranscriptLog.js';
import { withinBytes } from '../transcripts/withinBytes.js';
import { LastWords } from './LastWords.js';
import { asWireErrors } from './mediaErrors.js';
import { Peer, type PeerChannel } from './Peer.js';
import { RoomAccess } from './RoomAccess.js';
import type { RoomObserver } from './RoomObserver.js';
import { RoomSettings } from './RoomSettings.js';
import { RoomTranscriber, type TellOptions } from './RoomTranscriber.js';

export interface RoomOptions {
  name: string;
  /** Of this run of the room. */
  meetingId: string;
  media: MediaNode;
  transcript: TranscriptLog;
  /** What the recogniser is at the moment, in the words of the wire. */
  transcription: () => TranscriptionStatus;
  settings: Settings;
  logger: Logger;
  observer: RoomObserver;
  /** The meeting is over: everybody left and nobody came back in time. */
  onEmpty: () => void;
  time?: TimeSource;
}

/** By this, those who come back know whether the server was restarted. */
const SERVER_ID = randomBytes(12).toString('base64url');

/** Who is in a meeting that ends is told its last words if they are text by then. */
const LAST_TEXT_MS = 2_000;
/** A new router is asked for this often, this far apart, when a media worker has died. */
const MEDIA_RESTART = { attempts: 20, delayMs: 500 };

/**
 * One meeting in one room: its peers, its media and its transcript. Says what happens by the peers' channels, knows nothing of
 * sockets.
 */
export class Room {
  readonly name: string;
  readonly meetingId: string;
  readonly meetingStartedAtMs = Date.now();
  readonly #startedAtMonotonicMs = monotonicNowMs();
  readonly #participantKey = randomBytes(32);
  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #peers = new Map<string, Peer>();
  readonly #joinedAtMs = new Map<string, number>();
  readonly #access = new RoomAccess();
  readonly #speech: RoomSettings;
  readonly #lastWords: LastWords;
  #sfu: SfuRoom;
  readonly #transcriber: RoomTranscriber;
  #endTimer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: RoomOptions, sfu: SfuRoom) {
    this.name = options.name;
    this.meetingId = options.meetingId;
    this.#options = options;
    this.#logger = options.logger.child({ meetingId: this.meetingId });
    this.#sfu = sfu;
    this.#lastWords = new LastWords(options.time === undefined ? {} : { time: options.time });
    const { mode, speech, rooms } = options.settings;
    this.#speech = new RoomSettings({
      deployment: { mode, speech },
      room: Object.hasOwn(rooms, options.name) ? rooms[options.name] : undefined,
    });
    this.#transcriber = new RoomTranscriber({
      meetingId: this.meetingId,
      media: options.media,
      sfu,
      transcript: options.transcript,
      settings: this.#speech.resolved,
      logger: this.#logger,
      observer: options.observer,
      tellAll: (name, notification, how) => this.tellAll(name, notification, how),
    });
  }

  /** @throws ParleyError `MEDIA_UNAVAILABLE` */
  static async create(options: RoomOptions): Promise<Room> {
    // The room exists only once its router does; until then events have nowhere to go.
    let room: Room | undefined;
    const sfu = await asWireErrors(() => options.media.createSfuRoom({ onEvent: (event) => room?.onSfuEvent(event) }));
    try {
      room = new Room(options, sfu);
      await room.#transcriber.open({ meetingStartedAtMs: room.#startedAtMonotonicMs });
      room.#endUnlessJoined();
      return room;
    } catch (error) {
      sfu.close();
      throw new ParleyError('MEDIA_UNAVAILABLE', { cause: error });
    }
  }

  /** Whether somebody who came in is still in. */
  holds(peer: Peer): boolean {
    return this.#peers.get(peer.peerId) === peer;
  }

  get peerCount(): number {
    return this.#peers.size;
  }

  get counts(): { peers: number; transports: number; producers: number; consumers: number; speakers: number } {
    return { peers: this.#peers.size, ...this.#sfu.counts, speakers: this.#transcriber.speakerCount };
  }

  /**
   * Lets somebody in. The same participant's older connection is told and closed: one participant has one connection.
   * `settings` take the place of what this participant had set for themself.
   * @throws ParleyError `ROOM_FULL`, `ROOM_LOCKED`, `REMOVED`, `INVALID_SETTINGS`
   */
  join(options: {
    peerId: string;
    identity: Identity;
    grants: ReadonlySet<Grant>;
    channel: PeerChannel;
    settings?: SpeechOverrides | undefined;
  }): {
    peer: Peer;
    joined: ResponseOf<'join'>;
  } {
    const { identity, grants, peerId, channel, settings } = options;
    if (this.#closed) {
      throw new ParleyError('MEDIA_UNAVAILABLE');
    }
    const participantId = this.#participantIdOf(identity);
    const replaced = [...this.#peers.values()].find((peer) => peer.participantId === participantId);
    if (replaced === undefined && this.#peers.size >= this.#options.settings.limits.participantsPerRoom) {
      throw new ParleyError('ROOM_FULL');
    }
    this.#access.assertMayEnter({ participantId, grants });
    if (settings !== undefined) this.#speech.replaceParticipant({ participantId, settings });
    this.#access.enter(participantId);
    clearTimeout(this.#endTimer);
    const peer = new Peer({ peerId, participantId, displayName: identity.displayName, grants, channel });
    if (replaced !== undefined) {
      this.#drop(replaced, 'arrived');
      if (replaced.diagnostics) this.#diagnosticsChanged();
      replaced.channel.disconnect(new ParleyError('DUPLICATE_PARTICIPANT'));
    }
    this.#peers.set(peerId, peer);
    this.#nameHotWords();
    if (!this.#joinedAtMs.has(participantId)) {
      this.#joinedAtMs.set(participantId, Math.round(monotonicNowMs() - this.#startedAtMonotonicMs));
    }
    const participant = this.#participantOf(peer);
    if (replaced === undefined) {
      this.#tellOthers(peer, { name: 'participantJoined', notification: { participant } });
    } else {
      this.#tellOthers(peer, { name: 'participantUpdated', notification: { participant } });
    }
    this.#logger.info({ peerId, participantId, peers: this.#peers.size }, 'joined');
    return {
      peer,
      joined: {
        serverId: SERVER_ID,
        room: this.name,
        meetingId: this.meetingId,
        meetingStartedAtMs: this.meetingStartedAtMs,
        participantId,
        participants: [...this.#peers.values()].map((each) => this.#participantOf(each)),
        routerRtpCapabilities: this.#sfu.rtpCapabilities as RtpCapabilities,
        iceServers: this.#iceServersFor(participantId),
        lastSeq: this.#options.transcript.lastSeq,
        grants: [...grants],
        locked: this.#access.locked,
        transcription: this.#transcription,
        features: { recording: false },
      },
    };
  }

  leave(peer: Peer, reason: LeaveReason): void {
    if (!this.holds(peer)) {
      return;
    }
    this.#drop(peer, reason === 'removed' ? 'atOnce' : 'arrived');
    this.#joinedAtMs.delete(peer.participantId);
    // Whoever lost the connection comes back to what they had set.
    if (reason !== 'connectionLost') {
      this.#speech.forgetParticipant(peer.participantId);
      this.#access.forget(peer.participantId);
    }
    this.#nameHotWords();
    if (peer.diagnostics) this.#diagnosticsChanged();
    this.#tellOthers(peer, { name: 'participantLeft', notification: { participantId: peer.participantId, reason } });
    this.#logger.info({ peerId: peer.peerId, participantId: peer.participantId, reason }, 'left');
    this.#endUnlessJoined();
  }

  async createTransport(peer: Peer, request: RequestOf<'createTransport'>): Promise<TransportParameters> {
    const { direction } = request;
    const standing = this.#sfu.transportsOf(peer.peerId);
    const most = this.#options.settings.limits.transportsPerPeer;
    if (standing.length >= most || standing.some((transport) => transport.direction === direction)) {
      throw new ParleyError('TOO_MANY_TRANSPORTS');
    }
    const transport = await asWireErrors(() => this.#sfu.createTransport({ ownerId: peer.peerId, direction }));
    if (!this.#peers.has(peer.peerId)) {
      this.#sfu.closeOwner(peer.peerId);
      throw new ParleyError('NOT_JOINED');
    }
    if (request.direction === 'recv') {
      peer.rtpCapabilities = request.rtpCapabilities;
      peer.announced.clear();
      for (const other of this.#peers.values()) {
        for (const producerId of other.producers.keys()) {
          this.#announce({ to: peer, from: other, producerId });
        }
      }
    }
    return {
      ...(transport as Omit<TransportParameters, 'iceServers'>),
      iceServers: this.#iceServersFor(peer.participantId),
    };
  }

  async connectTransport(peer: Peer, request: { transportId: string; dtlsParameters: DtlsParameters }): Promise<void> {
    const { transportId } = request;
    const dtlsParameters = request.dtlsParameters as Parameters<SfuRoom['connectTransport']>[0]['dtlsParameters'];
    await asWireErrors(() => this.#sfu.connectTransport({ ownerId: peer.peerId, transportId, dtlsParameters }));
  }

  async restartIce(peer: Peer, transportId: string): Promise<ResponseOf<'restartIce'>> {
    const iceParameters = await asWireErrors(() => this.#sfu.restartIce({ ownerId: peer.peerId, transportId }));
    return { iceParameters, iceServers: this.#iceServersFor(peer.participantId) };
  }

  async produce(peer: Peer, request: RequestOf<'produce'>): Promise<{ producerId: string }> {
    const { transportId, track, paused } = request;
    if (!this.#sfu.transportsOf(peer.peerId).some((transport) => transport.direction === 'send')) {
      throw new ParleyError('TRANSPORT_REQUIRED');
    }
    if (peer.producers.size >= this.#options.settings.limits.producersPerPeer) {
      throw new ParleyError('TOO_MANY_PRODUCERS');
    }
    if (request.rtpParameters.codecs.some((codec) => codec.mimeType.toLowerCase() !== 'audio/opus')) {
      throw new ParleyError('INVALID_RTP_PARAMETERS');
    }
    const rtpParameters = request.rtpParameters as Parameters<SfuRoom['produce']>[0]['rtpParameters'];
    const { producerId } = await asWireErrors(() =>
      this.#sfu.produce({ ownerId: peer.peerId, transportId, rtpParameters, paused }),
    );
    if (this.#peers.get(peer.peerId) !== peer) {
      throw new ParleyError('NOT_JOINED');
    }
    peer.producers.set(producerId, { track, paused });
    await this.#listenTo(peer, producerId);
    for (const other of this.#peers.values()) {
      if (other !== peer) this.#announce({ to: other, from: peer, producerId });
    }
    this.#participantChanged(peer);
    return { producerId };
  }

  /** Others see it at once; a pause takes effect when what was said before it has arrived. */
  async setProducerPaused(peer: Peer, options: { producerId: string; paused: boolean }): Promise<void> {
    const { producerId, paused } = options;
    const producer = peer.producers.get(producerId);
    if (producer === undefined) throw new ParleyError('PRODUCER_NOT_FOUND');
    producer.paused = paused;
    if (paused) {
      this.#lastWords.after(producerId, () => this.#quietly(this.#applyPaused(peer, producerId)));
    } else {
      this.#lastWords.cancel(producerId);
      await this.#applyPaused(peer, producerId);
    }
    this.#participantChanged(peer);
  }

  /** What was said before still arrives. */
  async closeProducer(peer: Peer, producerId: string): Promise<void> {
    if (!peer.producers.delete(producerId)) throw new ParleyError('PRODUCER_NOT_FOUND');
    this.#lastWords.cancel(producerId);
    this.#lastWords.after(producerId, () => {
      this.#transcriber.remove(producerId);
      this.#quietly(asWireErrors(() => this.#sfu.closeProducer({ ownerId: peer.peerId, producerId })));
    });
    this.#participantChanged(peer);
  }

  async resumeConsumer(peer: Peer, consumerId: string): Promise<void> {
    await asWireErrors(() => this.#sfu.resumeConsumer({ ownerId: peer.peerId, consumerId }));
  }

  async resumeTranscript(afterSeq: number): Promise<ResponseOf<'resumeTranscript'>> {
    const page = await this.#options.transcript.page({ afterSeq, limit: LIMITS.transcriptPageSize });
    return { ...page, segments: withinBytes(page.segments, LIMITS.transcriptPageBytes) };
  }

  settingsFor(peer: Peer): SettingsView {
    const { participantId } = peer;
    return {
      mode: this.#speech.mode,
      modes: [...OFFERED_MODES],
      room: this.#speech.resolved,
      roomOverrides: this.#speech.roomOverrides,
      participant: this.#speech.own(participantId),
      effective: this.#speech.effective(participantId),
      mayChangeRoom: this.#mayChangeRoom(peer),
      descriptions: describeSpeechSettings(),
    };
  }

  /**
   * Works from the next audio on, for open utterances too.
   * @throws ParleyError `INVALID_SETTINGS`, `SETTINGS_FORBIDDEN`
   */
  updateSettings(peer: Peer, request: RequestOf<'updateSettings'>): ResponseOf<'updateSettings'> {
    const { scope, settings, mode } = request;
    const { participantId } = peer;
    if (scope === 'participant') {
      if (mode !== undefined) {
        throw new ParleyError('BAD_REQUEST', { message: 'updateSettings: a mode is for the whole room.' });
      }
      this.#speech.changeParticipant({ participantId, settings });
      this.#applyOwn(peer);
      const changed = { mode: this.#speech.mode, settings: this.#speech.effective(participantId) };
      peer.channel.notify('settingsChanged', { scope, participantId, ...changed });
      return changed;
    }
    if (!this.#mayChangeRoom(peer)) {
      throw new ParleyError('SETTINGS_FORBIDDEN');
    }
    const before = this.#speech.mode;
    this.#speech.changeRoom({ settings, mode });
    this.#applyAll();
    const changed = { mode: this.#speech.mode, settings: this.#speech.resolved };
    this.#logger.info({ participantId, mode: changed.mode, changed: Object.keys(settings) }, 'settings of the room');
    this.tellAll('settingsChanged', { scope, ...changed });
    if (changed.mode !== before) this.transcriptionChanged();
    return changed;
  }

  /** What a peer may do from now on; what it may not any more ends at once. */
  setGrants(peer: Peer, grants: ReadonlySet<Grant>): void {
    const lost = [...peer.grants].filter((grant) => !grants.has(grant));
    if (lost.length === 0 && grants.size === peer.grants.size) return;
    peer.grants = grants;
    peer.channel.notify('grantsChanged', { grants: [...grants] });
    if (lost.includes('speak')) {
      this.#sfu.closeOwner(peer.peerId, 'send');
      this.#forgetLostProducers(peer);
    }
    if (lost.includes('listen')) {
      peer.rtpCapabilities = undefined;
      this.#sfu.closeOwner(peer.peerId, 'recv');
    }
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  async mute(participantId: string): Promise<void> {
    const peer = this.#peerOf(participantId);
    const producerIds = [...peer.producers].flatMap(([producerId, { paused }]) => (paused ? [] : [producerId]));
    for (const producerId of producerIds) {
      const producer = peer.producers.get(producerId);
      if (producer === undefined) continue;
      // Not by their own will: they may go on speaking, and nobody is to hear it.
      producer.paused = true;
      await this.#applyPaused(peer, producerId);
    }
    if (producerIds.length > 0) this.#participantChanged(peer);
    peer.channel.notify('mutedByModerator', { producerIds });
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  remove(participantId: string): void {
    const peer = this.#peerOf(participantId);
    this.leave(peer, 'removed');
    this.#access.remove(participantId);
    peer.channel.disconnect(new ParleyError('REMOVED'));
  }

  /** Whether a moderator sent somebody out of this meeting. */
  hasRemoved(identity: Identity): boolean {
    return this.#access.hasRemoved(this.#participantIdOf(identity));
  }

  setLocked(locked: boolean): void {
    if (this.#access.setLocked(locked)) this.tellAll('roomLockChanged', { locked });
  }

  /** For everybody; the room is gone afterwards. */
  async end(): Promise<void> {
    await this.close(new ParleyError('MEETING_ENDED'));
    this.#options.onEmpty();
  }

  /** The books of everybody who sent audio in this meeting. */
  ledgers(): Promise<ParticipantLedger[]> {
    return this.#transcriber.ledgers();
  }

  setDiagnostics(peer: Peer, on: boolean): void {
    if (peer.diagnostics === on) return;
    peer.diagnostics = on;
    this.#diagnosticsChanged();
  }

  /** Tells everybody what the recogniser is now. */
  transcriptionChanged(): void {
    this.tellAll('transcriptionChanged', { transcription: this.#transcription });
  }

  /** Tells everybody. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options: TellOptions = {}): void {
    for (const peer of this.#peers.values()) {
      if (!peer.maySee(name) || (options.diagnostics === true && !peer.diagnostics)) continue;
      peer.channel.notify(name, notification, options);
    }
  }

  /** Ends the meeting: what was said becomes text first, and is told, if that does not take long. Idempotent. */
  async close(error: ParleyError): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    clearTimeout(this.#endTimer);
    const speaking = [...this.#peers.values()].some(({ producers }) => producers.size > 0);
    if (speaking || this.#lastWords.waiting) await this.#lastWords.arrived();
    const drained = this.#transcriber.close();
    if (speaking) await this.#lastWords.within(drained, LAST_TEXT_MS);
    for (const peer of [...this.#peers.values()]) {
      this.#drop(peer, 'atOnce');
      peer.channel.disconnect(error);
    }
    await drained;
    this.#sfu.close();
    this.#logger.info({ segments: this.#options.transcript.lastSeq }, 'meeting ended');
  }

  /** @internal events of the SFU */
  onSfuEvent(event: SfuRoomEvent): void {
    switch (event.type) {
      case 'transportClosed': {
        const { ownerId, transportId, reason } = event;
        const peer = this.#peers.get(ownerId);
        peer?.channel.notify('transportClosed', { transportId, reason });
        if (peer !== undefined) this.#forgetLostProducers(peer);
        return;
      }
      case 'consumerClosed':
        this.#peers.get(event.ownerId)?.channel.notify('consumerClosed', { consumerId: event.consumerId });
        return;
      case 'routerLost':
        void this.#restartMedia();
    }
  }

  #endUnlessJoined(): void {
    if (this.#peers.size === 0 && !this.#closed) {
      clearTimeout(this.#endTimer);
      this.#endTimer = setTimeout(() => this.#options.onEmpty(), this.#options.settings.meetingEndDelayMs);
    }
  }

  /** Says nothing of the subject, and is another one in the next meeting. */
  #participantIdOf({ issuer, subject }: Identity): string {
    const who = JSON.stringify([issuer, subject]);
    return `p_${createHmac('sha256', this.#participantKey).update(who).digest('base64url').slice(0, 16)}`;
  }

  #peerOf(participantId: string): Peer {
    const peer = [...this.#peers.values()].find((each) => each.participantId === participantId);
    if (peer === undefined) throw new ParleyError('PARTICIPANT_NOT_FOUND');
    return peer;
  }

  /** Whoever only listens does not decide how others are heard. */
  #mayChangeRoom(peer: Peer): boolean {
    return peer.may('moderate') || (this.#options.settings.memberSettings && peer.may('speak'));
  }

  /** Made anew each time: credentials for relays may hold for minutes alone. */
  #iceServersFor(participantId: string): IceServer[] {
    return iceServersFor({ turn: this.#options.settings.turn, participantId, nowMs: Date.now() });
  }

  #participantOf(peer: Peer): Participant {
    const producers = [...peer.producers];
    const [producerId] = peer.producers.keys();
    const state = producerId === undefined ? undefined : this.#transcriber.stateOf(producerId);
    return {
      participantId: peer.participantId,
      displayName: peer.displayName,
      joinedAtMs: this.#joinedAtMs.get(peer.participantId) ?? 0,
      publishing: producers.length > 0,
      muted: producers.length > 0 && producers.every(([, producer]) => producer.paused),
      speaking: producers.some(([producerId]) => this.#transcriber.isSpeaking(producerId)),
      ...(state === undefined ? {} : { state }),
    };
  }

  #participantChanged(peer: Peer): void {
    this.tellAll('participantUpdated', { participant: this.#participantOf(peer) });
  }

  #tellOthers<N extends NotificationName>(peer: Peer, message: { name: N; notification: Notifications[N] }): void {
    for (const other of this.#peers.values()) {
      if (other !== peer) other.channel.notify(message.name, message.notification);
    }
  }

  /**
   * Takes a peer out; its last words still become text.
   * @param when its media end: at once, or when what was said has arrived
   */
  #drop(peer: Peer, when: 'atOnce' | 'arrived'): void {
    this.#peers.delete(peer.peerId);
    const producerIds = [...peer.producers.keys()];
    peer.producers.clear();
    const end = () => {
      for (const producerId of producerIds) {
        this.#lastWords.cancel(producerId);
        this.#transcriber.remove(producerId);
      }
      this.#sfu.closeOwner(peer.peerId);
    };
    if (when === 'atOnce' || producerIds.length === 0) end();
    else this.#lastWords.after(peer.peerId, end);
  }

  /** As it stands with the peer by now. */
  async #applyPaused(peer: Peer, producerId: string): Promise<void> {
    const producer = peer.producers.get(producerId);
    if (producer === undefined) return;
    const { paused } = producer;
    await asWireErrors(() => this.#sfu.setProducerPaused({ ownerId: peer.peerId, producerId, paused }));
    await this.#transcriber.setMuted({ producerId, muted: paused });
  }

  /** What nobody waits for any more may fail: its media can have gone in the meantime. */
  #quietly(work: Promise<void>): void {
    work.catch((error: unknown) => this.#logger.debug({ err: error }, 'media were gone before they could be ended'));
  }

  async #listenTo(peer: Peer, producerId: string): Promise<void> {
    const { participantId, displayName } = peer;
    const producer = peer.producers.get(producerId);
    if (producer !== undefined) {
      const { track, paused } = producer;
      const settings = this.#speech.hasOwn(participantId) ? this.#speech.effective(participantId) : undefined;
      await this.#transcriber.add({ producerId, participantId, displayName, track, muted: paused, settings });
    }
  }

  /** What the recogniser is, with this room's mode. */
  get #transcription(): TranscriptionStatus {
    return { ...this.#options.transcription(), mode: this.#speech.mode };
  }

  /** Those who are here are likely to be spoken of. */
  #nameHotWords(): void {
    if (this.#speech.setNames([...this.#peers.values()].map(({ displayName }) => displayName))) this.#applyAll();
  }

  #applyAll(): void {
    this.#transcriber.updateSettings(this.#speech.resolved);
    for (const peer of this.#peers.values()) {
      if (this.#speech.hasOwn(peer.participantId)) this.#applyOwn(peer);
    }
  }

  #applyOwn(peer: Peer): void {
    const { participantId } = peer;
    const settings = this.#speech.hasOwn(participantId) ? this.#speech.effective(participantId) : undefined;
    for (const producerId of peer.producers.keys()) this.#transcriber.updateSpeaker({ producerId, settings });
  }

  #diagnosticsChanged(): void {
    this.#transcriber.setDiagnostics([...this.#peers.values()].some(({ diagnostics }) => diagnostics));
  }

  #announce(options: { to: Peer; from: Peer; producerId: string }): void {
    const { to, from, producerId } = options;
    const { rtpCapabilities } = to;
    const producer = from.producers.get(producerId);
    if (rtpCapabilities === undefined || producer === undefined || to === from) {
      return;
    }
    // A producer and a receiving transport that are made at the same moment both ask for it.
    if (to.announced.has(producerId)) {
      return;
    }
    to.announced.add(producerId);
    this.#sfu
      .consume({
        ownerId: to.peerId,
        producerId,
        rtpCapabilities: rtpCapabilities as Parameters<SfuRoom['consume']>[0]['rtpCapabilities'],
      })
      .then((consumer) => {
        if (consumer !== undefined) {
          to.channel.notify('consumerCreated', {
            ...consumer,
            rtpParameters: consumer.rtpParameters as RtpParameters,
            participantId: from.participantId,
            track: producer.track,
          });
        }
      })
      .catch((error: unknown) => this.#logger.debug({ err: error, peerId: to.peerId }, 'a consumer was not created'));
  }

  /** After a transport failed: producers that went with it are no speakers any more. */
  #forgetLostProducers(peer: Peer): void {
    const alive = new Set(this.#sfu.producersOf(peer.peerId));
    const lost = [...peer.producers.keys()].filter((producerId) => !alive.has(producerId));
    for (const producerId of lost) {
      peer.producers.delete(producerId);
      this.#transcriber.remove(producerId);
    }
    if (lost.length > 0) this.#participantChanged(peer);
  }

  /** The media worker died: a new router, and everybody builds their transports anew. */
  async #restartMedia(): Promise<void> {
    for (const peer of this.#peers.values()) {
      for (const producerId of peer.producers.keys()) {
        this.#transcriber.remove(producerId);
      }
      peer.producers.clear();
      peer.rtpCapabilities = undefined;
    }
    for (let attempt = 1; attempt <= MEDIA_RESTART.attempts && !this.#closed; attempt++) {
      try {
        this.#sfu = await this.#options.media.createSfuRoom({ onEvent: (event) => this.onSfuEvent(event) });
        await this.#transcriber.attach(this.#sfu);
        this.#logger.warn({ attempt }, 'media moved to another worker');
        this.tellAll('mediaRestarted', { routerRtpCapabilities: this.#sfu.rtpCapabilities as RtpCapabilities });
        return;
      } catch (error) {
        this.#logger.warn({ reason: (error as Error).message, attempt }, 'no media worker for the room yet');
        await new Promise((resolve) => setTimeout(resolve, MEDIA_RESTART.delayMs));
      }
    }
    if (!this.#closed) {
      await this.close(new ParleyError('MEDIA_UNAVAILABLE'));
      this.#options.onEmpty();
    }
  }
}
