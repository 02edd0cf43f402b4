import { randomBytes } from 'node:crypto';
import {
  type ConsentWording,
  type DtlsParameters,
  type Grant,
  type LeaveReason,
  type NotificationName,
  type Notifications,
  ParleyError,
  type ParticipantLedger,
  type RequestOf,
  type ResponseOf,
  type SettingsView,
  type SpeechOverrides,
  type TranscriptionStatus,
  type TransportParameters,
} from '@parley/client-sdk/protocol';
import type { MediaNode } from '@parley/media/node';
import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { ModelProfile } from '@parley/media/settings';
import type { Settings } from '../config/settings.js';
import { describeSpeechSettings, namesInChange, OFFERED_MODES } from '../config/speechSettings.js';
import type { Meeting } from '../meetings/Meeting.js';
import type { AuditLog } from '../observability/AuditLog.js';
import type { Logger } from '../observability/logger.js';
import type { RoomObserver } from '../observability/RoomObserver.js';
import { Door, type Visitor } from './Door.js';
import { FloodPolice } from './FloodPolice.js';
import { type ModeratesBy, ModeratorKey } from './ModeratorKey.js';
import { ModeratorMutes } from './ModeratorMutes.js';
import { consentOf, OnRecord } from './OnRecord.js';
import { Peer, type PeerChannel } from './Peer.js';
import { latecomersReadOf, Readers } from './Readers.js';
import type { Origin } from './RoomAccess.js';
import { RoomMedia } from './RoomMedia.js';
import { RoomSettings } from './RoomSettings.js';
import type { Flood, TellOptions } from './RoomTranscriber.js';
import { Roster } from './Roster.js';

export interface RoomOptions {
  /** The meeting in this room. Outlives the room. */
  meeting: Meeting;
  media: MediaNode;
  /** The model for finals. */
  model: ModelProfile;
  /** Current status of the recogniser, for the wire. */
  transcription: () => TranscriptionStatus;
  settings: Settings;
  logger: Logger;
  observer: RoomObserver;
  audit: Pick<AuditLog, 'record'>;
  /** The meeting is over: everyone left and no one returned in time. */
  onEmpty: () => void;
  time?: TimeSource;
}

/** Lets reconnecting clients know whether the server was restarted. */
const SERVER_ID = randomBytes(12).toString('base64url');

/** The parts of a room. */
interface RoomParts {
  logger: Logger;
  roster: Roster;
  speech: RoomSettings;
  mutes: ModeratorMutes;
  onRecord: OnRecord;
  media: RoomMedia;
}

/**
 * The live part of one meeting. `Roster` knows who is present, `Door` who may join, `RoomSettings` how speech is recognised.
 * `RoomMedia` owns the tracks and passes them to the `RoomTranscriber`, whose finals become the `Meeting`'s transcript. This class
 * coordinates them. It notifies peers through their channels and knows nothing of sockets.
 */
export class Room {
  readonly name: string;
  readonly meeting: Meeting;
  readonly door: Door;
  readonly readers: Readers;
  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #roster: Roster;
  readonly #moderatorKey: ModeratorKey;
  readonly #floods: FloodPolice;
  readonly #speech: RoomSettings;
  readonly #mutes: ModeratorMutes;
  readonly #onRecord: OnRecord;
  readonly #media: RoomMedia;
  #wasJoined = false;
  #cancelEnd: CancelTimer = () => {};
  #closing: Promise<void> | undefined;

  private constructor(options: RoomOptions, parts: RoomParts) {
    this.name = options.meeting.room;
    this.meeting = options.meeting;
    this.#options = options;
    this.#logger = parts.logger;
    this.#floods = new FloodPolice({ ...options, logger: this.#logger });
    this.#roster = parts.roster;
    this.#speech = parts.speech;
    this.#mutes = parts.mutes;
    this.#onRecord = parts.onRecord;
    this.#media = parts.media;
    const { settings } = options;
    this.#moderatorKey = new ModeratorKey({
      guestsOwn: settings.guestsModerate && settings.keycloak.url === undefined,
    });
    this.readers = new Readers({
      meeting: this.meeting,
      roster: this.#roster,
      latecomersRead: latecomersReadOf(settings, this.name),
    });
    this.door = new Door({
      meeting: this.meeting,
      roster: this.#roster,
      waitingRoom: waitingRoomOf(settings, this.name),
      onWaitingChanged: () => (this.door.waiting > 0 ? this.#cancelEnd() : this.#endUnlessJoined()),
    });
  }

  /** @throws ParleyError `MEDIA_UNAVAILABLE` */
  static async create(options: RoomOptions): Promise<Room> {
    const { meeting, media, model, observer, settings, time } = options;
    const logger = options.logger.child({ meetingId: meeting.meetingId });
    const roster = new Roster();
    const speech = RoomSettings.of({ settings, model, room: meeting.room });
    const mutes = new ModeratorMutes();
    const onRecord = new OnRecord({
      consent: consentOf(settings, meeting.room),
      isPresent: (participantId) => roster.find(participantId) !== undefined,
    });
    // There is nobody to be told before the room is there.
    let room: Room | undefined;
    const parts = {
      logger,
      roster,
      speech,
      mutes,
      onRecord,
      media: await RoomMedia.create({
        meeting,
        media,
        observer,
        roster,
        speech,
        mutes,
        onRecord,
        settings,
        logger,
        onFlood: (flood) => {
          if (room !== undefined) room.#onFlood(flood);
        },
        onLost: () => {
          if (room !== undefined) void room.#endWith(new ParleyError('MEDIA_UNAVAILABLE'));
        },
        time,
      }),
    };
    room = new Room(options, parts);
    return room;
  }

  /** Whether a peer is still in the room. */
  holds(peer: Peer): boolean {
    return this.#roster.holds(peer);
  }

  /** Whether somebody has ever been in, or waits. */
  get isUsed(): boolean {
    return this.#wasJoined || this.door.waiting > 0;
  }

  get peerCount(): number {
    return this.#roster.size;
  }

  get counts(): { peers: number; transports: number; producers: number; consumers: number; speakers: number } {
    return { peers: this.#roster.size, ...this.#media.counts, speakers: this.#media.transcriber.trackCount };
  }

  /**
   * Admits a peer. An older connection of the same participant is notified and closed: a participant has one connection. `settings` replace
   * the participant's previous ones.
   * @throws ParleyError `ROOM_FULL`, `ROOM_LOCKED`, `REMOVED`, `FLOODING`, `INVALID_SETTINGS`
   */
  join(
    options: Visitor & {
      peerId: string;
      channel: PeerChannel;
      settings?: SpeechOverrides | undefined;
      moderatorKey?: string | undefined;
      offTheRecord?: true | undefined;
      consentVersion?: string | undefined;
    },
  ): {
    peer: Peer;
    joined: ResponseOf<'join'>;
    moderatesBy?: ModeratesBy | undefined;
    /** Whether the consent that came with it is new. */
    consented: boolean;
  } {
    const { identity, origin, peerId, channel, settings, moderatorKey } = options;
    if (this.#closing !== undefined) {
      throw new ParleyError('MEDIA_UNAVAILABLE');
    }
    const participantId = this.meeting.participantIdOf(identity);
    const replaced = this.#roster.find(participantId);
    if (replaced === undefined && this.#roster.size >= this.#options.settings.limits.participantsPerRoom) {
      throw new ParleyError('ROOM_FULL');
    }
    const opens = this.meeting.participants.length === 0;
    const asModerator = this.#moderatorKey.admit({ ...options, participantId, moderatorKey, opens });
    const { grants, issued, by: moderatesBy } = asModerator;
    this.door.assertMayEnter({ ...options, grants });
    if (settings !== undefined) this.#speech.replaceParticipant({ participantId, settings });
    asModerator.settle();
    this.door.enter(participantId);
    this.#mutes.enter({ participantId, device: this.#deviceOf(origin) });
    if (options.offTheRecord === true) this.#onRecord.setOff({ participantId, on: true });
    if (identity.room?.requireConsent === true) this.#quietly(this.requireConsent());
    const consented = this.#consentOnJoin({ participantId, version: options.consentVersion });
    this.#wasJoined = true;
    this.#cancelEnd();
    const { displayName, givenName, reading } = this.meeting.enter(identity, this.readers.forNewcomers);
    const joinedAtMs = replaced?.joinedAtMs ?? Math.round(this.meeting.elapsedMs);
    const peer = new Peer({
      peerId,
      participantId,
      displayName,
      givenName,
      nameSource: identity.nameSource,
      accountName: identity.accountName,
      joinedAtMs,
      grants,
      channel,
      origin,
      reading,
    });
    if (replaced !== undefined) {
      this.#drop(replaced, 'arrived');
      if (replaced.diagnostics) this.#diagnosticsChanged();
      replaced.channel.disconnect(new ParleyError('DUPLICATE_PARTICIPANT'));
    }
    this.#roster.add(peer);
    this.#nameHotWords();
    const participant = this.#media.participantOf(peer);
    const name = replaced === undefined ? 'participantJoined' : 'participantUpdated';
    this.#roster.tellOthers(peer, { name, notification: { participant } });
    // The audit log has these, bounded; here, whoever comes and goes without end would fill the disk.
    this.#logger.debug({ peerId, participantId, peers: this.#roster.size }, 'joined');
    return {
      peer,
      joined: {
        serverId: SERVER_ID,
        room: this.name,
        meetingId: this.meeting.meetingId,
        meetingStartedAtMs: this.meeting.startedAtMs,
        participantId,
        participants: this.#roster.peers.map((each) => this.#media.participantOf(each)),
        routerRtpCapabilities: this.#media.rtpCapabilities,
        iceServers: this.#media.iceServersFor(participantId),
        lastSeq: this.meeting.transcript.lastSeq,
        grants: [...grants],
        ...this.door.shownTo(peer),
        ...this.readers.shownTo(peer),
        ...this.#onRecord.shown,
        ...(issued === undefined ? {} : { moderatorKey: issued }),
        transcription: this.#transcription,
        features: { recording: false },
      },
      moderatesBy,
      consented,
    };
  }

  leave(peer: Peer, reason: LeaveReason): void {
    if (!this.holds(peer)) {
      return;
    }
    this.#drop(peer, reason === 'removed' ? 'atOnce' : 'arrived');
    // After a lost connection, the participant's settings are kept.
    if (reason !== 'connectionLost') {
      this.#speech.forgetParticipant(peer.participantId);
      this.door.forget(peer.participantId);
    }
    this.#nameHotWords();
    if (peer.diagnostics) this.#diagnosticsChanged();
    this.#roster.tellOthers(peer, {
      name: 'participantLeft',
      notification: { participantId: peer.participantId, reason },
    });
    this.#logger.debug({ peerId: peer.peerId, participantId: peer.participantId, reason }, 'left');
    this.#endUnlessJoined();
  }

  createTransport(peer: Peer, request: RequestOf<'createTransport'>): Promise<TransportParameters> {
    return this.#media.createTransport(peer, request);
  }

  connectTransport(peer: Peer, request: { transportId: string; dtlsParameters: DtlsParameters }): Promise<void> {
    return this.#media.connectTransport(peer, request);
  }

  restartIce(peer: Peer, transportId: string): Promise<ResponseOf<'restartIce'>> {
    return this.#media.restartIce(peer, transportId);
  }

  produce(peer: Peer, request: RequestOf<'produce'>): Promise<{ producerId: string }> {
    return this.#media.produce(peer, request);
  }

  /** Others see it at once; a pause takes effect after audio in transit has arrived. */
  setProducerPaused(peer: Peer, options: { producerId: string; paused: boolean }): Promise<void> {
    return this.#media.setProducerPaused(peer, options);
  }

  /** Audio in transit still arrives. */
  closeProducer(peer: Peer, producerId: string): Promise<void> {
    return this.#media.closeProducer(peer, producerId);
  }

  resumeConsumer(peer: Peer, consumerId: string): Promise<void> {
    return this.#media.resumeConsumer(peer, consumerId);
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

  /** Takes effect with the next audio, also for open utterances. @throws ParleyError `INVALID_SETTINGS`, `SETTINGS_FORBIDDEN` */
  updateSettings(peer: Peer, request: RequestOf<'updateSettings'>): ResponseOf<'updateSettings'> {
    const { scope, settings, mode } = request;
    const { participantId } = peer;
    if (scope === 'participant') {
      if (mode !== undefined) {
        throw new ParleyError('BAD_REQUEST', { message: 'updateSettings: a mode can only be set for the whole room.' });
      }
      this.#speech.changeParticipant({ participantId, settings });
      this.#media.applySettingsOf(peer);
      const changed = { mode: this.#speech.mode, settings: this.#speech.effective(participantId) };
      peer.channel.notify('settingsChanged', { scope, participantId, ...changed });
      return changed;
    }
    if (!this.#mayChangeRoom(peer)) {
      throw new ParleyError('SETTINGS_FORBIDDEN');
    }
    const before = this.#speech.mode;
    this.#speech.changeRoom({ settings, mode });
    this.#media.applySettings();
    const changed = { mode: this.#speech.mode, settings: this.#speech.resolved };
    const names = namesInChange(request);
    this.#logger.info({ participantId, mode: changed.mode, changed: names }, 'room settings changed');
    this.tellAll('settingsChanged', { scope, changedBy: participantId, changed: names, ...changed });
    if (changed.mode !== before) this.transcriptionChanged();
    return changed;
  }

  /** Sets the grants of a peer. Anything no longer allowed ends at once. */
  setGrants(peer: Peer, given: ReadonlySet<Grant>): void {
    const grants = this.#moderatorKey.withKey(peer.participantId, given);
    const lost = [...peer.grants].filter((grant) => !grants.has(grant));
    if (lost.length === 0 && grants.size === peer.grants.size) return;
    peer.grants = grants;
    peer.channel.notify('grantsChanged', { grants: [...grants] });
    if (peer.may('moderate')) this.door.tellModerator(peer);
    if (lost.includes('speak')) this.#media.stopSending(peer);
    if (lost.includes('listen')) this.#media.stopReceiving(peer);
  }

  /** Holds until `liftMute`, through reconnects and new tracks. @throws ParleyError `PARTICIPANT_NOT_FOUND`, at once */
  mute(participantId: string): Promise<void> {
    const peer = this.#roster.peerOf(participantId);
    this.#mutes.mute({ participantId, device: this.#deviceOf(peer.origin) });
    return this.#media.mute(peer).then((producerIds) => peer.channel.notify('mutedByModerator', { producerIds }));
  }

  /** They stay muted until they unmute. @returns whether they were muted @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  liftMute(participantId: string): boolean {
    const peer = this.#roster.peerOf(participantId);
    if (!this.#mutes.lift(participantId)) return false;
    peer.channel.notify('muteLifted', {});
    this.#media.changed(peer);
    return true;
  }

  /** No effect for those whom no moderator muted. */
  askToSpeak(peer: Peer, on: boolean): void {
    if (this.#mutes.ask({ participantId: peer.participantId, on })) this.#media.changed(peer);
  }

  /** Resolves when it holds: what the participant says from then on is neither decoded nor kept. */
  async setOffTheRecord(peer: Peer, on: boolean): Promise<void> {
    this.#onRecord.setOff({ participantId: peer.participantId, on });
    await this.#media.applyRecord(peer);
  }

  /** The same for everyone. */
  async setRoomOffTheRecord(peer: Peer, on: boolean): Promise<void> {
    const changes = this.#onRecord.setRoomOff(on);
    await this.#applyRecords();
    if (changes) this.tellAll('roomOffTheRecordChanged', { on, changedBy: peer.participantId });
  }

  get consentWording(): ConsentWording {
    return this.#onRecord.wording;
  }

  /** @returns `done` resolves when the participant is transcribed @throws ParleyError `CONSENT_OUTDATED` */
  giveConsent(peer: Peer, version: string): { isNew: boolean; done: Promise<void> } {
    const isNew = this.#onRecord.consent({ participantId: peer.participantId, version });
    return { isNew, done: this.#media.applyRecord(peer) };
  }

  /** @returns `done` resolves when it holds */
  withdrawConsent(peer: Peer): { isNew: boolean; done: Promise<void> } {
    const isNew = this.#onRecord.withdraw(peer.participantId);
    return { isNew, done: this.#media.applyRecord(peer) };
  }

  /** Resolves when it holds: who has not consented is no longer transcribed. */
  async requireConsent(): Promise<void> {
    const changes = this.#onRecord.require();
    await this.#applyRecords();
    if (changes) this.tellAll('roomConsentChanged', { consent: this.consentWording });
  }

  /** Runs work that no caller awaits. */
  #quietly(work: Promise<void>): void {
    work.catch((error: unknown) => this.#logger.warn({ err: error }, 'the media worker could not be asked'));
  }

  async #applyRecords(): Promise<void> {
    await Promise.all(this.#roster.peers.map((peer) => this.#media.applyRecord(peer)));
  }

  /** A wording that has changed is no reason to refuse the join: the participant is asked again. @returns whether the consent is new */
  #consentOnJoin({ participantId, version }: { participantId: string; version: string | undefined }): boolean {
    if (version !== this.consentWording.version) return false;
    return this.#onRecord.consent({ participantId, version });
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  remove(participantId: string): void {
    const peer = this.#roster.peerOf(participantId);
    this.leave(peer, 'removed');
    this.door.remove(peer);
    this.#moderatorKey.revoke(participantId);
    peer.channel.disconnect(new ParleyError('REMOVED'));
  }

  /** A flood must cost its sender and not the meeting: they are muted first, and removed if that does not end it. */
  #onFlood({ participantId, limit }: Flood): void {
    const peer = this.#roster.find(participantId);
    if (peer === undefined) return;
    if (this.#floods.report(participantId) === 'remove') {
      this.#floods.acted({ participantId, limit, action: 'remove' });
      this.leave(peer, 'removed');
      this.door.remove({ participantId, origin: undefined }, 'FLOODING');
      peer.channel.disconnect(new ParleyError('FLOODING'));
      return;
    }
    this.#media
      .mute(peer)
      .then((producerIds) => {
        if (producerIds.length === 0) return;
        this.#floods.acted({ participantId, limit, action: 'mute' });
        this.tellAll('participantMuted', { participantId, producerIds, reason: 'flooding' });
      })
      .catch((error: unknown) => this.#logger.debug({ err: error, participantId }, 'media were gone before the mute'));
  }

  /** Ends the meeting for everyone; the room is closed afterwards. */
  end(): Promise<void> {
    return this.#endWith(new ParleyError('MEETING_ENDED'));
  }

  /** The ledgers of everyone who sent audio in this meeting. */
  ledgers(): Promise<ParticipantLedger[]> {
    return this.#media.transcriber.ledgers();
  }

  setDiagnostics(peer: Peer, on: boolean): void {
    if (peer.diagnostics === on) return;
    peer.diagnostics = on;
    this.#diagnosticsChanged();
  }

  /** Sends the status of the recogniser to everyone. */
  transcriptionChanged(): void {
    this.tellAll('transcriptionChanged', { transcription: this.#transcription });
  }

  /** Notifies everyone. */
  tellAll<N extends NotificationName>(name: N, notification: Notifications[N], options?: TellOptions): void {
    this.#roster.tellAll(name, notification, options);
  }

  /** Closes the room. Pending speech is transcribed and sent first, if that does not take long. Idempotent. */
  close(error: ParleyError): Promise<void> {
    this.#closing ??= this.#close(error);
    return this.#closing;
  }

  async #close(error: ParleyError): Promise<void> {
    this.#cancelEnd();
    this.door.close(error);
    await this.#media.hearOut();
    for (const peer of this.#roster.peers) {
      this.#drop(peer, 'atOnce');
      peer.channel.disconnect(error);
    }
    await this.#media.close();
  }

  async #endWith(error: ParleyError): Promise<void> {
    await this.close(error);
    this.#options.onEmpty();
  }

  #endUnlessJoined(): void {
    if (this.#roster.size === 0 && this.door.waiting === 0 && this.#closing === undefined) {
      this.#cancelEnd();
      const { time = systemTime, settings, onEmpty } = this.#options;
      this.#cancelEnd = time.after(this.#wasJoined ? settings.meetingEndDelayMs : 0, onEmpty);
    }
  }

  /** As it is remembered in this meeting. */
  #deviceOf(origin: Origin | undefined): string | undefined {
    return origin?.device === undefined ? undefined : this.meeting.digestOf(origin.device);
  }

  /** Participants who only listen may not decide how others are recognised. */
  #mayChangeRoom(peer: Peer): boolean {
    return peer.may('moderate') || (this.#options.settings.memberSettings && peer.may('speak'));
  }

  /** Removes a peer; its last words are still transcribed. @param when its media end: at once, or after audio in transit has arrived */
  #drop(peer: Peer, when: 'atOnce' | 'arrived'): void {
    this.#roster.delete(peer);
    this.#media.end(peer, when);
  }

  /** Status of the recogniser, with this room's mode. */
  get #transcription(): TranscriptionStatus {
    return { ...this.#options.transcription(), mode: this.#speech.mode };
  }

  /** Names of participants are likely to be spoken, but they are text of their choice: the settings decide whether they are hot words. */
  #nameHotWords(): void {
    if (this.#speech.setNames(this.#roster.peers.map(({ givenName }) => givenName))) this.#media.applySettings();
  }

  #diagnosticsChanged(): void {
    this.#media.transcriber.setDiagnostics(this.#roster.peers.some(({ diagnostics }) => diagnostics));
  }
}

/** Whether newcomers wait at first. */
function waitingRoomOf({ rooms, waitingRoom }: Settings, name: string): boolean {
  return (Object.hasOwn(rooms, name) ? rooms[name]?.waitingRoom : undefined) ?? waitingRoom;
}
