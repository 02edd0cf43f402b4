import { defaults } from '../defaults.js';
import { errorOf } from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';

export interface RemoteAudioEvents {
  /** The browser needs a click before it plays sound: offer a button that calls `resume()`. */
  playbackBlocked: [];
  /** Sound is playing again after `resume()`. */
  playbackResumed: [];
}

/** A loudspeaker or headphones. */
export interface OutputDevice {
  deviceId: string;
  label: string;
}

/** The audio of one participant. */
interface Voice {
  element: HTMLMediaElement;
  readonly stream: MediaStream;
  /** By consumer id. */
  readonly tracks: Map<string, MediaStreamTrack>;
}

/**
 * Plays the audio of the other participants, with one audio element each. Nothing has to be added to the page.
 *
 * @example
 * client.on('audioPlaybackBlocked', () => showButton({ onClick: () => client.resumeAudio() }));
 */
export class RemoteAudio extends TypedEmitter<RemoteAudioEvents> {
  readonly #voices = new Map<string, Voice>();
  /** Elements attached by the application, by participant id; also for participants without audio. */
  readonly #attached = new Map<string, HTMLMediaElement>();
  /** By participant id; also for participants without audio. */
  readonly #volumes = new Map<string, number>();
  #outputDeviceId = '';
  #muted = false;
  #blocked = false;

  get muted(): boolean {
    return this.#muted;
  }

  /** Whether the browser needs a click before it plays sound. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** As set by `setOutputDevice`; empty for the system's default. */
  get outputDeviceId(): string {
    return this.#outputDeviceId;
  }

  /** @internal */
  add(options: { participantId: string; consumerId: string; track: MediaStreamTrack }): void {
    // There is nothing to play with, e.g. in Node.
    if (typeof Audio === 'undefined') return;
    const { participantId, consumerId, track } = options;
    const known = this.#voices.get(participantId);
    known?.stream.addTrack(track);
    const voice = known ?? this.#newVoice({ participantId, track });
    voice.tracks.set(consumerId, track);
    void this.#play(voice.element);
  }

  /** @internal */
  remove({ participantId, consumerId }: { participantId: string; consumerId: string }): void {
    const voice = this.#voices.get(participantId);
    const track = voice?.tracks.get(consumerId);
    if (voice === undefined || track === undefined) return;
    voice.tracks.delete(consumerId);
    voice.stream.removeTrack(track);
    if (voice.tracks.size > 0) return;
    this.#voices.delete(participantId);
    silence(voice.element);
  }

  /** Mutes or unmutes all others, for this listener only. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const { element } of this.#voices.values()) element.muted = muted;
  }

  /**
   * Sets the volume of a participant for this listener, 0 to 1. Kept when they leave and come back. No effect in Safari on iOS, where
   * volume is controlled by the device's buttons.
   * @throws ParleyError `BAD_REQUEST` unless `volume` is from 0 to 1
   */
  setVolume({ participantId, volume }: { participantId: string; volume: number }): void {
    if (!(volume >= 0 && volume <= 1)) throw errorOf('BAD_REQUEST', { message: 'A volume is a number from 0 to 1.' });
    if (volume === defaults.volume) this.#volumes.delete(participantId);
    else this.#volumes.set(participantId, volume);
    const voice = this.#voices.get(participantId);
    if (voice !== undefined) voice.element.volume = volume;
  }

  /** 0 to 1. Default 1. */
  volumeOf(participantId: string): number {
    return this.#volumes.get(participantId) ?? defaults.volume;
  }

  /**
   * Loudspeakers for `setOutputDevice`. Before the browser has permission to use a microphone, the list may be empty, or without names;
   * devices are then numbered. Empty if the browser does not support a choice.
   */
  async listSpeakers(): Promise<OutputDevice[]> {
    const all = (await globalThis.navigator?.mediaDevices?.enumerateDevices?.()) ?? [];
    return all
      .filter(({ kind, deviceId }) => kind === 'audiooutput' && deviceId !== '')
      .map(({ deviceId, label }, index) => ({ deviceId, label: label === '' ? `Loudspeaker ${index + 1}` : label }));
  }

  /**
   * Plays everyone, including those who join later, on another loudspeaker.
   * @param deviceId from `listSpeakers`; empty for the system's default
   * @throws ParleyError, as a rejection: `OUTPUT_DEVICE_UNSUPPORTED`, `OUTPUT_DEVICE_NOT_FOUND`; the previous loudspeaker stays in use
   */
  async setOutputDevice(deviceId: string): Promise<void> {
    if (typeof Audio === 'undefined' || !('setSinkId' in Audio.prototype)) throw errorOf('OUTPUT_DEVICE_UNSUPPORTED');
    const before = this.#outputDeviceId;
    try {
      // Checks the device before any participant is switched.
      await new Audio().setSinkId(deviceId);
      this.#outputDeviceId = deviceId;
      await Promise.all([...this.#voices.values()].map(({ element }) => element.setSinkId(deviceId)));
    } catch (error) {
      this.#outputDeviceId = before;
      await Promise.allSettled([...this.#voices.values()].map(({ element }) => element.setSinkId(before)));
      throw errorOf('OUTPUT_DEVICE_NOT_FOUND', { cause: error });
    }
  }

  /**
   * Plays a participant with an element of the page, now or when their audio arrives. Sets the element's source, volume, loudspeaker and
   * `muted`. Another element for the same participant replaces the previous one.
   */
  attach(participantId: string, element: HTMLMediaElement): void {
    this.#attached.set(participantId, element);
    this.#moveTo(participantId, element);
  }

  /** Releases the element; the participant is played without it again. */
  detach(participantId: string): void {
    if (!this.#attached.delete(participantId)) return;
    if (this.#voices.has(participantId)) this.#moveTo(participantId, new Audio());
  }

  /**
   * Starts sound that the browser has blocked. Call it from a click handler. If sound stays blocked, `playbackBlocked` is emitted again.
   */
  async resume(): Promise<void> {
    const wasBlocked = this.#blocked;
    this.#blocked = false;
    await Promise.all([...this.#voices.values()].map(({ element }) => this.#play(element)));
    if (wasBlocked && !this.#blocked) this.emit('playbackResumed');
  }

  /** @internal */
  close(): void {
    for (const { element } of this.#voices.values()) silence(element);
    this.#voices.clear();
    this.#attached.clear();
    this.removeAllListeners();
  }

  #newVoice({ participantId, track }: { participantId: string; track: MediaStreamTrack }): Voice {
    const element = this.#attached.get(participantId) ?? new Audio();
    const voice: Voice = { element, stream: new MediaStream([track]), tracks: new Map() };
    this.#voices.set(participantId, voice);
    this.#prepare(participantId, voice);
    return voice;
  }

  #moveTo(participantId: string, element: HTMLMediaElement): void {
    const voice = this.#voices.get(participantId);
    if (voice === undefined || voice.element === element) return;
    silence(voice.element);
    voice.element = element;
    this.#prepare(participantId, voice);
    void this.#play(element);
  }

  #prepare(participantId: string, { element, stream }: Voice): void {
    element.autoplay = true;
    element.muted = this.#muted;
    element.volume = this.volumeOf(participantId);
    element.srcObject = stream;
    // If the loudspeaker was unplugged in the meantime, the system's default is used.
    if (this.#outputDeviceId !== '') element.setSinkId(this.#outputDeviceId).catch(() => {});
  }

  async #play(element: HTMLMediaElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // Other errors, e.g. that playback was stopped before it began, can be ignored.
      if ((error as Error).name !== 'NotAllowedError' || this.#blocked) return;
      this.#blocked = true;
      this.emit('playbackBlocked');
    }
  }
}

function silence(element: HTMLMediaElement): void {
  element.pause();
  element.srcObject = null;
}
