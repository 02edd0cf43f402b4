import {
  type DtlsParameters,
  type IceServer,
  ParleyError,
  type Participant,
  type RequestOf,
  type ResponseOf,
  type RtpCapabilities,
  type RtpParameters,
  type TransportParameters,
} from '@parley/client-sdk/protocol';
import type { MediaNode, SfuRoom, SfuRoomEvent } from '@parley/media/node';
import { CLOSE_TIMES, systemTime, type TimeSource } from '@parley/media/process';
import type { Settings } from '../config/settings.js';
import { iceServersFor } from '../edge/turnCredentials.js';
import type { Logger } from '../observability/logger.js';
import { LastWords } from './LastWords.js';
import type { ModeratorMutes } from './ModeratorMutes.js';
import { asWireErrors } from './mediaErrors.js';
import type { OnRecord } from './OnRecord.js';
import type { Peer } from './Peer.js';
import type { RoomSettings } from './RoomSettings.js';
import { type Flood, RoomTranscriber, type RoomTranscriberOptions } from './RoomTranscriber.js';
import type { Roster } from './Roster.js';

export interface RoomMediaOptions extends Pick<RoomTranscriberOptions, 'meeting' | 'observer'> {
  media: MediaNode;
  roster: Roster;
  speech: RoomSettings;
  settings: Settings;
  logger: Logger;
  /** Whom a moderator muted. */
  mutes: ModeratorMutes;
  /** Who is transcribed. */
  onRecord: OnRecord;
  /** Someone sends far more than a microphone does. Called again every few seconds while that goes on. */
  onFlood: (flood: Flood) => void;
  /** No media worker is available: the meeting cannot continue. */
  onLost: () => void;
  time?: TimeSource | undefined;
}

/** Attempts to get a new router after a media worker died, and the delay between them. */
const RESTART = { attempts: 20, delayMs: 500 };

const GRANT_OF = { send: 'speak', recv: 'listen' } as const;

/**
 * The media of one meeting: transports and tracks of its peers, which are forwarded to each other and passed to the transcriber. Ends them
 * once their last words have arrived, and moves everyone to another worker if theirs dies.
 */
export class RoomMedia {
  readonly transcriber: RoomTranscriber;
  readonly #options: RoomMediaOptions;
  readonly #roster: Roster;
  readonly #lastWords: LastWords;
  #sfu: SfuRoom;
  #closing = false;
  #drained: Promise<void> = Promise.resolve();

  private constructor(options: RoomMediaOptions, sfu: SfuRoom) {
    const { media, meeting, observer, logger, roster, speech, time } = options;
    this.#options = options;
    this.#roster = roster;
    this.#sfu = sfu;
    this.#lastWords = new LastWords(time === undefined ? {} : { time });
    this.transcriber = new RoomTranscriber({
      meeting,
      media,
      sfu,
      settings: speech.resolved,
      logger,
      observer,
      onFlood: options.onFlood,
      tellAll: (name, notification, how) => roster.tellAll(name, notification, how),
    });
  }

  /** @throws ParleyError `MEDIA_UNAVAILABLE` */
  static async create(options: RoomMediaOptions): Promise<RoomMedia> {
    // These media exist only once their router does; until then events go nowhere.
    let made: RoomMedia | undefined;
    const onEvent = (event: SfuRoomEvent) => {
      if (made !== undefined) made.#onEvent(event);
    };
    const sfu = await asWireErrors(() => options.media.createSfuRoom({ onEvent }));
    try {
      made = new RoomMedia(options, sfu);
      await made.transcriber.open();
      return made;
    } catch (error) {
      sfu.close();
      throw new ParleyError('MEDIA_UNAVAILABLE', { cause: error });
    }
  }

  get counts(): { transports: number; producers: number; consumers: number } {
    return this.#sfu.counts;
  }

  get rtpCapabilities(): RtpCapabilities {
    return this.#sfu.rtpCapabilities as RtpCapabilities;
  }

  /** Created for each request: relay credentials may be valid for only minutes. */
  iceServersFor(participantId: string): IceServer[] {
    return iceServersFor({ turn: this.#options.settings.turn, participantId, nowMs: Date.now() });
  }

  /** A participant as others see them, including whether they send audio. */
  participantOf(peer: Peer): Participant {
    const producers = [...peer.producers];
    const [producerId] = peer.producers.keys();
    const state = producerId === undefined ? undefined : this.transcriber.stateOf(producerId);
    return {
      participantId: peer.participantId,
      displayName: peer.displayName,
      nameSource: peer.nameSource,
      ...(peer.accountName === undefined ? {} : { accountName: peer.accountName }),
      joinedAtMs: peer.joinedAtMs,
      publishing: producers.length > 0,
      muted: producers.length > 0 && producers.every(([, producer]) => producer.paused),
      speaking: producers.some(([producerId]) => this.transcriber.isSpeaking(producerId)),
      ...(state === undefined ? {} : { state }),
      ...this.#options.mutes.shownOf(peer.participantId),
      ...this.#options.onRecord.shownOf(peer.participantId),
    };
  }

  createTransport(peer: Peer, request: RequestOf<'createTransport'>): Promise<TransportParameters> {
    const what = `${request.direction} transport`;
    return peer.makeOne({ what, refusal: 'TOO_MANY_TRANSPORTS' }, () => this.#createTransport(peer, request));
  }

  async #createTransport(peer: Peer, request: RequestOf<'createTransport'>): Promise<TransportParameters> {
    const { direction } = request;
    const standing = this.#sfu.transportsOf(peer.peerId);
    if (standing.some((transport) => transport.direction === direction)) {
      throw new ParleyError('TOO_MANY_TRANSPORTS');
    }
    const transport = await asWireErrors(() => this.#sfu.createTransport({ ownerId: peer.peerId, direction }));
    this.#assertStillMay(peer, direction);
    if (request.direction === 'recv') {
      peer.rtpCapabilities = request.rtpCapabilities;
      peer.announced.clear();
      for (const other of this.#roster.peers) {
        for (const producerId of other.producers.keys()) {
          this.#announce({ to: peer, from: other, producerId });
        }
      }
    }
    return {
      ...(transport as Omit<TransportParameters, 'iceServers'>),
      iceServers: this.iceServersFor(peer.participantId),
    };
  }

  async connectTransport(peer: Peer, request: { transportId: string; dtlsParameters: DtlsParameters }): Promise<void> {
    const { transportId } = request;
    const dtlsParameters = request.dtlsParameters as Parameters<SfuRoom['connectTransport']>[0]['dtlsParameters'];
    await asWireErrors(() => this.#sfu.connectTransport({ ownerId: peer.peerId, transportId, dtlsParameters }));
  }

  async restartIce(peer: Peer, transportId: string): Promise<ResponseOf<'restartIce'>> {
    const iceParameters = await asWireErrors(() => this.#sfu.restartIce({ ownerId: peer.peerId, transportId }));
    return { iceParameters, iceServers: this.iceServersFor(peer.participantId) };
  }

  /** From here on a track is forwarded to everybody who receives, and its speaker transcribed. */
  produce(peer: Peer, request: RequestOf<'produce'>): Promise<{ producerId: string }> {
    const what = `${request.track} producer`;
    return peer.makeOne({ what, refusal: 'TOO_MANY_PRODUCERS' }, () => this.#produce(peer, request));
  }

  async #produce(peer: Peer, request: RequestOf<'produce'>): Promise<{ producerId: string }> {
    const { transportId, track, paused } = request;
    if (!this.#sfu.transportsOf(peer.peerId).some((transport) => transport.direction === 'send')) {
      throw new ParleyError('TRANSPORT_REQUIRED');
    }
    if ([...peer.producers.values()].some((standing) => standing.track === track)) {
      throw new ParleyError('TOO_MANY_PRODUCERS');
    }
    if (!paused) this.#options.mutes.assertMaySpeak(peer.participantId);
    if (request.rtpParameters.codecs.some((codec) => codec.mimeType.toLowerCase() !== 'audio/opus')) {
      throw new ParleyError('INVALID_RTP_PARAMETERS');
    }
    const rtpParameters = request.rtpParameters as Parameters<SfuRoom['produce']>[0]['rtpParameters'];
    const { producerId } = await asWireErrors(() =>
      this.#sfu.produce({ ownerId: peer.peerId, transportId, rtpParameters, paused }),
    );
    this.#assertStillMay(peer, 'send');
    // Muted while the track was being made: it begins muted.
    const silenced = !paused && this.#options.mutes.has(peer.participantId);
    peer.producers.set(producerId, { track, paused: paused || silenced });
    await this.#listenTo(peer, producerId);
    if (silenced) await this.#applyPaused(peer, producerId);
    this.#assertStillMay(peer, 'send');
    for (const other of this.#roster.peers) {
      if (other !== peer) this.#announce({ to: other, from: peer, producerId });
    }
    this.changed(peer);
    return { producerId };
  }

  /** Others see it at once; a pause takes effect after audio in transit has arrived. */
  async setProducerPaused(peer: Peer, options: { producerId: string; paused: boolean }): Promise<void> {
    const { producerId, paused } = options;
    const producer = peer.producers.get(producerId);
    if (producer === undefined) throw new ParleyError('PRODUCER_NOT_FOUND');
    if (!paused) this.#options.mutes.assertMaySpeak(peer.participantId);
    producer.paused = paused;
    if (paused) {
      this.#lastWords.after(producerId, () => this.#quietly(this.#applyPaused(peer, producerId)));
    } else {
      this.#lastWords.cancel(producerId);
      await this.#applyPaused(peer, producerId);
    }
    this.changed(peer);
  }

  /** Mutes a peer against its will: it may go on sending, but is not forwarded. @returns the tracks that were open */
  async mute(peer: Peer): Promise<string[]> {
    const producerIds = [...peer.producers].flatMap(([producerId, { paused }]) => (paused ? [] : [producerId]));
    // All of them before anything is waited for.
    for (const producer of peer.producers.values()) producer.paused = true;
    await Promise.all(producerIds.map((producerId) => this.#applyPaused(peer, producerId)));
    this.changed(peer);
    return producerIds;
  }

  /** Applies to a peer's tracks whether they are transcribed. Resolves when that holds and everybody is notified. */
  async applyRecord(peer: Peer): Promise<void> {
    const reason = this.#options.onRecord.gapReasonOf(peer.participantId);
    try {
      const producerIds = [...peer.producers.keys()];
      await Promise.all(producerIds.map((producerId) => this.transcriber.setNotTranscribed({ producerId, reason })));
    } finally {
      this.changed(peer);
    }
  }

  /** Tells everybody how a participant is now. */
  changed(peer: Peer): void {
    this.#roster.tellAll('participantUpdated', { participant: this.participantOf(peer) });
  }

  /** Audio in transit still arrives. */
  async closeProducer(peer: Peer, producerId: string): Promise<void> {
    if (!peer.producers.delete(producerId)) throw new ParleyError('PRODUCER_NOT_FOUND');
    this.#lastWords.cancel(producerId);
    this.#lastWords.after(producerId, () => {
      this.transcriber.remove(producerId);
      this.#quietly(asWireErrors(() => this.#sfu.closeProducer({ ownerId: peer.peerId, producerId })));
    });
    this.changed(peer);
  }

  async resumeConsumer(peer: Peer, consumerId: string): Promise<void> {
    await asWireErrors(() => this.#sfu.resumeConsumer({ ownerId: peer.peerId, consumerId }));
  }

  /** Applies the room's current settings to everyone, from the next audio on. */
  applySettings(): void {
    const { speech } = this.#options;
    this.transcriber.updateSettings(speech.resolved);
    for (const peer of this.#roster.peers) {
      if (speech.hasOwn(peer.participantId)) this.applySettingsOf(peer);
    }
  }

  /** The same for one participant. */
  applySettingsOf(peer: Peer): void {
    const settings = this.#options.speech.ownEffective(peer.participantId);
    for (const producerId of peer.producers.keys()) this.transcriber.updateTrack({ producerId, settings });
  }

  /** A peer that may no longer speak sends nothing from now on. */
  stopSending(peer: Peer): void {
    this.#sfu.closeOwner(peer.peerId, 'send');
    this.#forgetLostProducers(peer);
  }

  /** A peer that may no longer listen receives nothing from now on. */
  stopReceiving(peer: Peer): void {
    peer.rtpCapabilities = undefined;
    this.#sfu.closeOwner(peer.peerId, 'recv');
  }

  /**
   * Ends all media of a peer that left; its last words are still transcribed. @param when at once, or after audio in transit has arrived
   */
  end(peer: Peer, when: 'atOnce' | 'arrived'): void {
    const producerIds = [...peer.producers.keys()];
    peer.producers.clear();
    const end = () => {
      for (const producerId of producerIds) {
        this.#lastWords.cancel(producerId);
        this.transcriber.remove(producerId);
      }
      this.#sfu.closeOwner(peer.peerId);
    };
    if (when === 'atOnce' || producerIds.length === 0) end();
    else this.#lastWords.after(peer.peerId, end);
  }

  /** Stops receiving audio. Resolves when everything that was said is transcribed, or when this takes too long. */
  async hearOut(): Promise<void> {
    this.#closing = true;
    const speaking = this.#roster.peers.some(({ producers }) => producers.size > 0);
    if (speaking || this.#lastWords.waiting) await this.#lastWords.arrived();
    this.#drained = this.transcriber.close();
    if (speaking) await this.#lastWords.within(this.#drained, CLOSE_TIMES.lastTextMs);
  }

  /** Called after `hearOut`. Resolves when everything that was said is committed and the router is closed. */
  async close(): Promise<void> {
    await this.#drained;
    this.#sfu.close();
  }

  /** After something was waited for. @throws ParleyError `NOT_JOINED`, `FORBIDDEN`: who left or lost the right meanwhile keeps nothing */
  #assertStillMay(peer: Peer, direction: 'send' | 'recv'): void {
    if (!this.#roster.holds(peer)) {
      this.#sfu.closeOwner(peer.peerId);
      throw new ParleyError('NOT_JOINED');
    }
    if (!peer.may(GRANT_OF[direction])) {
      this.#sfu.closeOwner(peer.peerId, direction);
      throw new ParleyError('FORBIDDEN');
    }
  }

  #onEvent(event: SfuRoomEvent): void {
    switch (event.type) {
      case 'transportClosed': {
        const { ownerId, transportId, reason } = event;
        const peer = this.#roster.get(ownerId);
        peer?.channel.notify('transportClosed', { transportId, reason });
        if (peer !== undefined) this.#forgetLostProducers(peer);
        return;
      }
      case 'transportFlooded': {
        const participantId = this.#roster.get(event.ownerId)?.participantId;
        if (participantId !== undefined) this.#options.onFlood({ participantId, limit: 'transport' });
        return;
      }
      case 'consumerClosed':
        this.#roster.get(event.ownerId)?.channel.notify('consumerClosed', { consumerId: event.consumerId });
        return;
      case 'routerLost':
        void this.#restart();
    }
  }

  /** Applies the current pause state of a producer. */
  async #applyPaused(peer: Peer, producerId: string): Promise<void> {
    const producer = peer.producers.get(producerId);
    if (producer === undefined) return;
    const { paused } = producer;
    await asWireErrors(() => this.#sfu.setProducerPaused({ ownerId: peer.peerId, producerId, paused }));
    await this.transcriber.setMuted({ producerId, muted: paused });
  }

  /** Runs work that no caller awaits. It may fail if its media are gone in the meantime. */
  #quietly(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.logger.debug({ err: error }, 'media was already gone'));
  }

  async #listenTo(peer: Peer, producerId: string): Promise<void> {
    const { participantId, displayName, nameSource } = peer;
    const producer = peer.producers.get(producerId);
    if (producer !== undefined) {
      const { track, paused } = producer;
      const settings = this.#options.speech.ownEffective(participantId);
      await this.transcriber.add({
        producerId,
        participantId,
        displayName,
        nameSource,
        track,
        muted: paused,
        notTranscribed: this.#options.onRecord.gapReasonOf(participantId),
        settings,
      });
    }
  }

  #announce(options: { to: Peer; from: Peer; producerId: string }): void {
    const { to, from, producerId } = options;
    const { rtpCapabilities } = to;
    const producer = from.producers.get(producerId);
    if (rtpCapabilities === undefined || producer === undefined || to === from) {
      return;
    }
    // A producer and a receiving transport created at the same time would both request it.
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
      .catch((error: unknown) =>
        this.#options.logger.debug({ err: error, peerId: to.peerId }, 'could not create a consumer'),
      );
  }

  /** A transport failed: tracks whose producers went with it are no longer transcribed. */
  #forgetLostProducers(peer: Peer): void {
    const alive = new Set(this.#sfu.producersOf(peer.peerId));
    const lost = [...peer.producers.keys()].filter((producerId) => !alive.has(producerId));
    for (const producerId of lost) {
      peer.producers.delete(producerId);
      this.transcriber.remove(producerId);
    }
    if (lost.length > 0) this.changed(peer);
  }

  /** The media worker died: gets a new router, and everyone creates their transports again. */
  async #restart(): Promise<void> {
    const { media, logger, time = systemTime } = this.#options;
    for (const peer of this.#roster.peers) {
      for (const producerId of peer.producers.keys()) {
        this.transcriber.remove(producerId);
      }
      peer.producers.clear();
      peer.rtpCapabilities = undefined;
    }
    for (let attempt = 1; attempt <= RESTART.attempts && !this.#closing; attempt++) {
      let sfu: SfuRoom | undefined;
      try {
        sfu = await this.#moveTo(media);
      } catch (error) {
        logger.warn({ reason: (error as Error).message, attempt }, 'no media worker for the room yet');
        await new Promise<void>((resolve) => time.after(RESTART.delayMs, resolve));
        continue;
      }
      // If this was closed in the meantime, the old router is already closed.
      if (this.#closing) return sfu.close();
      this.#sfu = sfu;
      logger.warn({ attempt }, 'media moved to another worker');
      this.#roster.tellAll('mediaRestarted', { routerRtpCapabilities: this.rtpCapabilities });
      return;
    }
    if (!this.#closing) this.#options.onLost();
  }

  /** @returns a new router that the transcriber already uses; if this fails, nothing is left behind */
  async #moveTo(media: MediaNode): Promise<SfuRoom> {
    let made: SfuRoom | undefined;
    let lost = false;
    const sfu = await media.createSfuRoom({
      onEvent: (event) => {
        if (made !== undefined && made === this.#sfu) this.#onEvent(event);
        else lost ||= event.type === 'routerLost';
      },
    });
    made = sfu;
    try {
      await this.transcriber.attach(sfu);
      if (lost) throw new Error('the new router died on the way');
      return sfu;
    } catch (error) {
      sfu.close();
      throw error;
    }
  }
}
