import { TypedEmitter } from '../TypedEmitter.js';

export interface RemoteAudioEvents {
  /** The browser wants a click before it plays sound: offer one that calls `resume()`. */
  playbackBlocked: undefined;
}

/** Somebody who is heard. */
interface Voice {
  readonly element: HTMLAudioElement;
  readonly stream: MediaStream;
  /** By consumer id. */
  readonly tracks: Map<string, MediaStreamTrack>;
}

/**
 * Plays what the others say: one audio element for each participant. Nothing has to be put into the page.
 *
 * @example
 * client.audio.on('playbackBlocked', () => showButton({ onClick: () => client.audio.resume() }));
 */
export class RemoteAudio extends TypedEmitter<RemoteAudioEvents> {
  readonly #voices = new Map<string, Voice>();
  #muted = false;
  #blocked = false;

  get muted(): boolean {
    return this.#muted;
  }

  /** Whether the browser waits for a click. */
  get blocked(): boolean {
    return this.#blocked;
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
    if (voice.tracks.size === 0) this.#end(participantId, voice);
  }

  /** Silences the others for this listener only. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const { element } of this.#voices.values()) element.muted = muted;
  }

  /** Starts what the browser has blocked; to be called from a click. Where it stays blocked, `playbackBlocked` says so again. */
  async resume(): Promise<void> {
    this.#blocked = false;
    await Promise.all([...this.#voices.values()].map(({ element }) => this.#play(element)));
  }

  /** @internal */
  close(): void {
    for (const [participantId, voice] of this.#voices) this.#end(participantId, voice);
    this.removeAllListeners();
  }

  #newVoice({ participantId, track }: { participantId: string; track: MediaStreamTrack }): Voice {
    const voice: Voice = { element: new Audio(), stream: new MediaStream([track]), tracks: new Map() };
    voice.element.autoplay = true;
    voice.element.muted = this.#muted;
    voice.element.srcObject = voice.stream;
    this.#voices.set(participantId, voice);
    return voice;
  }

  #end(participantId: string, { element }: Voice): void {
    this.#voices.delete(participantId);
    element.pause();
    element.srcObject = null;
  }

  async #play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // Anything else, e.g. that it was stopped before it began, needs nobody.
      if ((error as Error).name !== 'NotAllowedError' || this.#blocked) return;
      this.#blocked = true;
      this.emit('playbackBlocked', undefined);
    }
  }
}
