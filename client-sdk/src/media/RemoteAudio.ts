import { TypedEmitter } from '../TypedEmitter.js';

export interface RemoteAudioEvents {
  /** The browser wants a click before it plays sound: offer one that calls `resume()`. */
  playbackBlocked: undefined;
}

/** Plays what the others say: one audio element for each of their tracks. */
export class RemoteAudio extends TypedEmitter<RemoteAudioEvents> {
  readonly #elements = new Map<string, HTMLAudioElement>();
  #muted = false;

  get muted(): boolean {
    return this.#muted;
  }

  /** @internal */
  add({ consumerId, track }: { consumerId: string; track: MediaStreamTrack }): void {
    if (typeof Audio === 'undefined') return;
    const element = new Audio();
    element.autoplay = true;
    element.muted = this.#muted;
    element.srcObject = new MediaStream([track]);
    this.#elements.set(consumerId, element);
    this.#play(element).catch(() => {});
  }

  /** @internal */
  remove(consumerId: string): void {
    const element = this.#elements.get(consumerId);
    this.#elements.delete(consumerId);
    if (element !== undefined) {
      element.pause();
      element.srcObject = null;
    }
  }

  /** Silences the others for this listener only. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
    for (const element of this.#elements.values()) element.muted = muted;
  }

  /** Starts what the browser has blocked; to be called from a click. */
  async resume(): Promise<void> {
    await Promise.all([...this.#elements.values()].map((element) => this.#play(element)));
  }

  /** @internal */
  close(): void {
    for (const consumerId of [...this.#elements.keys()]) this.remove(consumerId);
    this.removeAllListeners();
  }

  async #play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if ((error as Error).name === 'NotAllowedError') this.emit('playbackBlocked', undefined);
    }
  }
}
