import { defaultMicrophoneKey, listMicrophones, type Microphone } from './microphone.js';

/** The microphones of this machine at the last update. */
export class MicrophoneList {
  #microphones: readonly Microphone[] = [];
  #defaultKey = '';

  get isEmpty(): boolean {
    return this.#microphones.length === 0;
  }

  find(wantedId: string | undefined): Microphone | undefined {
    return this.#microphones.find(({ deviceId }) => deviceId === wantedId);
  }

  /** Updates the list. @returns the microphones if they changed, and whether the default one changed */
  async update(): Promise<{ changed?: Microphone[]; defaultChanged: boolean }> {
    const [microphones, key] = await Promise.all([listMicrophones(), defaultMicrophoneKey()]);
    const changed = isSameList(this.#microphones, microphones) ? {} : { changed: microphones };
    const defaultChanged = key !== '' && this.#defaultKey !== '' && key !== this.#defaultKey;
    // While there is no device at all, the previous default is kept.
    if (key !== '') this.#defaultKey = key;
    this.#microphones = microphones;
    return { ...changed, defaultChanged };
  }
}

function isSameList(a: readonly Microphone[], b: readonly Microphone[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ deviceId, label }, index) => deviceId === b[index]?.deviceId && label === b[index]?.label)
  );
}
