import { defaults } from '../defaults.js';
import { errorOf } from '../protocol/index.js';
import { TypedEmitter } from '../TypedEmitter.js';

export interface RemoteAudioEvents {
  /** The browser wants a click before it plays sound: offer one that calls `resume()`. */
  playbackBlocked: [];
  /** `resume()` was allowed to. */
  playbackResumed: [];
}

/** A loudspeaker or headphones. */
export interface OutputDevice {
  deviceId: string;
  label: string;
}

/** Somebody who is heard. */
interface Voice {
  element: HTMLMediaElement;
  readonly stream: MediaStream;
  /** By consumer id. */
  readonly tracks: Map<string, MediaStreamTrack>;
}

/**
 * Plays what the others say: one audio element for each participant. Nothing has to be put into the page.
 *
 * @example
 * client.on('audioPlaybackBlocked', () => showButton({ onClick: () => client.resumeAudio() }));
 */
export class RemoteAudio extends TypedEmitter<RemoteAudioEvents> {
  readonly #voices = new Map<string, Voice>();
  /** Elements of the application, by participant id; also of those who are not heard yet. */
  readonly #attached = new Map<string, HTMLMediaElement>();
  /** By participant id; also of those who are not heard now. */
  readonly #volumes = new Map<string, number>();
  #outputDeviceId = '';
  #muted = false;
  #blocked = false;

  get muted(): boolean {
    return this.#muted;
  }

  /** Whether the browser waits for a click. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** As `setOutputDevice` was told; empty for the system's. */
  get outputDeviceId(): string {
    return this.#outputDeviceId;
  }

  /** @internal */
  add(options: { participantId: string; consumerId: string; track: MediaStreamTrack }): void {
    // Where there is nothing to play with, e.g. in a program that only reads along.
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

  /** Silences the others for this listener only. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const { element } of this.#voices.values()) element.muted = muted;
  }

  /**
   * How loud a participant is played here, 0 to 1; kept when they leave and come back. Safari on iOS leaves volumes to the keys of the
   * device.
   * @throws ParleyError `BAD_REQUEST` for what is no volume
   */
  setVolume({ participantId, volume }: { participantId: string; volume: number }): void {
    if (!(volume >= 0 && volume <= 1)) throw errorOf('BAD_REQUEST', { message: 'A volume is a number from 0 to 1.' });
    if (volume === defaults.volume) this.#volumes.delete(participantId);
    else this.#volumes.set(participantId, volume);
    const voice = this.#voices.get(participantId);
    if (voice !== undefined) voice.element.volume = volume;
  }

  /** 0 to 1; 1 unless it was set. */
  volumeOf(participantId: string): number {
    return this.#volumes.get(participantId) ?? defaults.volume;
  }

  /**
   * Loudspeakers that `setOutputDevice` takes. Until the browser has been allowed to use a microphone there may be none to see, or none
   * with a name: then they are numbered. Empty where the browser has no choice to offer.
   */
  async listSpeakers(): Promise<OutputDevice[]> {
    const all = (await globalThis.navigator?.mediaDevices?.enumerateDevices?.()) ?? [];
    return all
      .filter(({ kind, deviceId }) => kind === 'audiooutput' && deviceId !== '')
      .map(({ deviceId, label }, index) => ({ deviceId, label: label === '' ? `Loudspeaker ${index + 1}` : label }));
  }

  /**
   * Plays everybody on another loudspeaker, those who come later, too.
   * @param deviceId from `listSpeakers`; empty for the system's
   * @throws ParleyError, as a rejection: `OUTPUT_DEVICE_UNSUPPORTED`, `OUTPUT_DEVICE_NOT_FOUND`; everything plays where it did
   */
  async setOutputDevice(deviceId: string): Promise<void> {
    if (typeof Audio === 'undefined' || !('setSinkId' in Audio.prototype)) throw errorOf('OUTPUT_DEVICE_UNSUPPORTED');
    const before = this.#outputDeviceId;
    try {
      // Asks the browser before anybody is switched.
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
   * Plays a participant with an element of the page, now or when they come; it is given its source, volume, loudspeaker and whether it is
   * muted. One element for each participant: another one takes the place of the one before.
   */
  attach(participantId: string, element: HTMLMediaElement): void {
    this.#attached.set(participantId, element);
    this.#moveTo(participantId, element);
  }

  /** Takes the element back; the participant is played without any again. */
  detach(participantId: string): void {
    if (!this.#attached.delete(participantId)) return;
    if (this.#voices.has(participantId)) this.#moveTo(participantId, new Audio());
  }

  /** Starts what the browser has blocked; to be called from a click. Where it stays blocked, `playbackBlocked` says so again. */
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
    // A loudspeaker that was unplugged meanwhile leaves the system's.
    if (this.#outputDeviceId !== '') element.setSinkId(this.#outputDeviceId).catch(() => {});
  }

  async #play(element: HTMLMediaElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // Anything else, e.g. that it was stopped before it began, needs nobody.
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
