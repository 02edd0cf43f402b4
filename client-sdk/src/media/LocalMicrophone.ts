import { defaults } from '../defaults.js';
import { asParleyError, codeOf } from '../parleyErrors.js';
import { errorOf, type ParleyError } from '../protocol/index.js';
import { TaskQueue } from '../TaskQueue.js';
import { TypedEmitter } from '../TypedEmitter.js';
import { applyProcessing, processingOf } from './audioProcessing.js';
import { MicrophoneList } from './MicrophoneList.js';
import { MicrophoneMeter } from './MicrophoneMeter.js';
import {
  type AudioProcessing,
  captureMicrophone,
  type Microphone,
  type MicrophoneOptions,
  onDeviceChange,
} from './microphone.js';
import { RecoveryBudget } from './RecoveryBudget.js';
import { SpeechWatch } from './SpeechWatch.js';

export interface LocalMicrophoneOptions extends MicrophoneOptions {
  /**
   * Whether muting gives the microphone back to the system: its light goes out, and `unmute` takes the moment that opening takes.
   * Nothing is known then of speech while muted. Default false.
   */
  stopOnMute?: boolean;
  /** Muted except between `press` and `release`. Default false. */
  pushToTalk?: boolean;
  /** Whether to change with the system's default microphone, as long as none was chosen by its id. Default true. */
  followDefaultDevice?: boolean;
}

export interface LocalMicrophoneEvents {
  /** `microphone.track` is another one; the one before is stopped. */
  trackChanged: [event: { track: MediaStreamTrack }];
  mutedChanged: [event: { muted: boolean }];
  /** Another device is used: `chosen` by `setDevice`, the system's `default` changed, or the one before was `unplugged`. */
  deviceChanged: [event: { deviceId: string; label: string; cause: 'chosen' | 'default' | 'unplugged' }];
  /** Microphones were plugged in or out. */
  devicesChanged: [event: { microphones: Microphone[] }];
  /** Somebody speaks into a muted microphone; at most once in `defaults.speakingWhileMuted.everyMs`. Not with `stopOnMute`. */
  speakingWhileMuted: [];
  /**
   * The device is gone and no other could be opened, or it ends again and again (`defaults.microphoneRecovery`). As soon as one appears it
   * is taken, as is one that was busy (`MICROPHONE_BUSY`) for a while, and `recovered` says so.
   */
  lost: [event: { error: ParleyError }];
  recovered: [];
  /** By `close`. */
  closed: [];
}

/** Steps that may wait for each other. */
const STEPS_CAPACITY = 64;

/**
 * A microphone that is looked after: its device can be changed, unplugged and come back while `client.publishMicrophone` sends it.
 * Also of use before joining, e.g. to choose a device by its level.
 *
 * @example
 * const microphone = await LocalMicrophone.create({ noiseSuppression: false });
 * microphone.on('speakingWhileMuted', () => show('You are muted.'));
 * await client.publishMicrophone(microphone);
 * microphone.mute();
 */
export class LocalMicrophone extends TypedEmitter<LocalMicrophoneEvents> {
  readonly #stopOnMute: boolean;
  readonly #followDefaultDevice: boolean;
  /** Everything that opens a device, one after the other. */
  readonly #steps = new TaskQueue({ capacity: STEPS_CAPACITY });
  readonly #list = new MicrophoneList();
  readonly #meter = new MicrophoneMeter();
  readonly #speech = new SpeechWatch(defaults.speakingWhileMuted);
  readonly #recoveries = new RecoveryBudget(defaults.microphoneRecovery);
  readonly #stopListening: () => void;
  #track: MediaStreamTrack;
  /** Undefined for the default device. */
  #chosenId: string | undefined;
  #processing: AudioProcessing;
  #muted = false;
  /** The number of the `unmute` that waits for the device to open; undefined when none does. */
  #opening: number | undefined;
  #unmutes = 0;
  #pushToTalk: boolean;
  #lost = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #speechTimer: ReturnType<typeof setInterval> | undefined;

  private constructor(track: MediaStreamTrack, options: LocalMicrophoneOptions) {
    super();
    const { deviceId, stopOnMute, pushToTalk, followDefaultDevice, ...processing } = options;
    this.#stopOnMute = stopOnMute ?? defaults.stopOnMute;
    this.#followDefaultDevice = followDefaultDevice ?? defaults.followDefaultDevice;
    this.#pushToTalk = pushToTalk ?? defaults.pushToTalk;
    this.#processing = { ...defaults.processing, ...processing };
    this.#chosenId = chosenIdOf(deviceId);
    this.#track = track;
    this.#attend(track);
    this.#stopListening = onDeviceChange(() => this.#inBackground(() => this.#onDevicesChanged()));
    if (this.#pushToTalk) this.mute();
  }

  /**
   * Opens a microphone; browsers ask the person the first time.
   * @throws ParleyError, as a rejection: `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `INSECURE_CONTEXT`,
   * `BROWSER_UNSUPPORTED`
   */
  static async create(options: LocalMicrophoneOptions = {}): Promise<LocalMicrophone> {
    const track = await captureMicrophone(options);
    const microphone = new LocalMicrophone(track, options);
    try {
      await microphone.#lookAround();
      return microphone;
    } catch (error) {
      microphone.close();
      throw asParleyError(error, 'MICROPHONE_NOT_FOUND');
    }
  }

  /** What is heard now. Changes with the device (`trackChanged`), has ended while there is none, and while `stopOnMute` holds. */
  get track(): MediaStreamTrack {
    return this.#track;
  }

  /** Of the device in use, as the browser calls it; `default` in Chromium where none was chosen. */
  get deviceId(): string {
    const inUse = this.#track.getSettings().deviceId ?? '';
    // One that was chosen while the microphone is given back is opened by `unmute`.
    return this.#isGivenBack ? (this.#chosenId ?? inUse) : inUse;
  }

  get label(): string {
    const chosen = this.#isGivenBack ? this.#list.find(this.#chosenId) : undefined;
    return chosen?.label ?? this.#track.label;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get pushToTalk(): boolean {
    return this.#pushToTalk;
  }

  /** Whether there is no device to hear with at the moment. */
  get lost(): boolean {
    return this.#lost;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What the browser says that it does; where it says nothing, what it was asked for. */
  get processing(): AudioProcessing {
    return { ...this.#processing, ...processingOf(this.#track) };
  }

  /**
   * Loudness now, 0 (silence) to 1 (full scale), on a scale that looks even to the eye: of the microphone itself, also while muted. 0 while
   * there is no device, and with `stopOnMute` while muted.
   */
  level(): number {
    return this.#track.readyState === 'live' ? this.#meter.level() : 0;
  }

  /**
   * Uses another microphone from now on; muted stays muted.
   * @param deviceId from `listMicrophones`; empty or `default` for the system's default one, which is followed then
   * @throws ParleyError, as a rejection, as `create`; the microphone before is used on
   */
  async setDevice(deviceId: string): Promise<void> {
    await this.#step(async () => {
      const before = this.#chosenId;
      this.#chosenId = chosenIdOf(deviceId);
      try {
        await this.#openAnew();
      } catch (error) {
        this.#chosenId = before;
        throw error;
      }
      this.#tellDevice('chosen');
    });
  }

  /**
   * Switches echo cancellation, noise suppression and gain control.
   *
   * @example
   * await microphone.setProcessing({ noiseSuppression: false });
   *
   * @throws ParleyError, as a rejection, as `create`; what was before is opened again, or the microphone is `lost`
   */
  async setProcessing(processing: Partial<AudioProcessing>): Promise<void> {
    await this.#step(async () => {
      const before = this.#processing;
      this.#processing = { ...before, ...processing };
      if (await applyProcessing({ track: this.#track, processing: this.#processing })) return;
      if (this.#isGivenBack) return;
      // Chromium opens a device that is open already with the processing that it has: it must be closed first.
      this.#giveBack();
      try {
        await this.#openAnew();
      } catch (error) {
        this.#processing = before;
        await this.#recover();
        throw error;
      }
    });
  }

  /** Nothing is heard from the call on. Idempotent. */
  mute(): void {
    this.#opening = undefined;
    if (this.#closed || this.#muted) return;
    this.#muted = true;
    this.#track.enabled = false;
    if (this.#stopOnMute) this.#giveBack();
    this.#watchSpeech();
    this.emit('mutedChanged', { muted: true });
  }

  /**
   * Heard again: at once, or with `stopOnMute` when the device is open. A `mute` meanwhile wins.
   * @throws ParleyError, as a rejection, as `create`, with `stopOnMute` alone; it stays muted
   */
  async unmute(): Promise<void> {
    this.#assertOpen();
    if (!this.#muted) return;
    if (!this.#stopOnMute) {
      this.#setUnmuted();
      return;
    }
    this.#unmutes += 1;
    const unmute = this.#unmutes;
    this.#opening = unmute;
    await this.#step(() => this.#openToSpeak(unmute));
  }

  /** Whether only `press` lets anything be heard. Switching it on mutes; switching it off changes nothing else. */
  setPushToTalk(on: boolean): void {
    this.#pushToTalk = on;
    if (on) this.mute();
  }

  /** The key is down: unmutes while push to talk is on. @throws ParleyError, as a rejection, as `unmute` */
  async press(): Promise<void> {
    if (this.#pushToTalk) await this.unmute();
  }

  /** The key is up: mutes while push to talk is on. */
  release(): void {
    if (this.#pushToTalk) this.mute();
  }

  /** Gives the microphone back to the system. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening();
    clearTimeout(this.#retryTimer);
    this.#giveBack();
    this.#watchSpeech();
    this.emit('closed');
    this.removeAllListeners();
  }

  /** Muted by giving the device back. */
  get #isGivenBack(): boolean {
    return this.#stopOnMute && this.#muted && this.#opening === undefined;
  }

  #assertOpen(): void {
    if (this.#closed)
      throw errorOf('MICROPHONE_NOT_FOUND', { message: 'This microphone was closed. Create another one.' });
  }

  #step(task: () => Promise<void>): Promise<void> {
    return this.#steps.run(async () => {
      this.#assertOpen();
      await task();
    });
  }

  /** What the person did not ask for tells by its events how it went. */
  #inBackground(task: () => Promise<void>): void {
    this.#step(task).catch(() => {});
  }

  #attend(track: MediaStreamTrack): void {
    track.enabled = !this.#muted;
    this.#meter.follow(track);
    track.addEventListener('ended', () => {
      if (track === this.#track) this.#inBackground(() => this.#recover());
    });
  }

  #giveBack(): void {
    this.#track.stop();
    this.#meter.follow(undefined);
  }

  /** @returns whether there is a new track; not when the device is not wanted any more */
  async #openAnew(): Promise<boolean> {
    if (this.#isGivenBack) return false;
    const track = await captureMicrophone({
      ...this.#processing,
      ...(this.#chosenId === undefined ? {} : { deviceId: this.#chosenId }),
    });
    if (this.#closed || this.#isGivenBack) {
      track.stop();
      this.#assertOpen();
      return false;
    }
    const before = this.#track;
    this.#track = track;
    this.#attend(track);
    this.emit('trackChanged', { track });
    before.stop();
    clearTimeout(this.#retryTimer);
    if (this.#lost) {
      this.#lost = false;
      this.emit('recovered');
    }
    return true;
  }

  async #openToSpeak(unmute: number): Promise<void> {
    // Muted again since, or served by the device that an earlier `unmute` has opened.
    if (this.#opening !== unmute) return;
    try {
      if (this.#track.readyState === 'live' || (await this.#openChosenOrDefault())) this.#setUnmuted();
    } catch (error) {
      if (this.#opening === unmute) this.#opening = undefined;
      throw error;
    }
  }

  #setUnmuted(): void {
    this.#muted = false;
    this.#opening = undefined;
    this.#track.enabled = true;
    this.#watchSpeech();
    this.emit('mutedChanged', { muted: false });
  }

  /** The device that was chosen, or, where it is gone, the default one. */
  async #openChosenOrDefault(): Promise<boolean> {
    try {
      return await this.#openAnew();
    } catch (error) {
      if (this.#chosenId === undefined || codeOf(error) !== 'MICROPHONE_NOT_FOUND') throw error;
    }
    this.#chosenId = undefined;
    const opened = await this.#openAnew();
    if (opened) this.#tellDevice('unplugged');
    return opened;
  }

  /** The track has ended, which nobody here has done. */
  async #recover(): Promise<void> {
    if (this.#isGivenBack || this.#track.readyState === 'live') return;
    const { label } = this.#track;
    if (!this.#lost) this.#recoveries.onLoss(performance.now());
    try {
      if (!this.#recoveries.allows(performance.now())) {
        throw errorOf('MICROPHONE_BUSY', { message: 'The microphone stops again and again.' });
      }
      const wasChosen = this.#chosenId !== undefined;
      const opened = await this.#openChosenOrDefault();
      if (opened) this.#recoveries.onRecovery(performance.now());
      if (opened && !wasChosen && this.label !== label) this.#tellDevice('unplugged');
    } catch (error) {
      if (this.#closed) return;
      const known = asParleyError(error, 'MICROPHONE_NOT_FOUND');
      // One that is not there is taken when it is plugged in.
      if (known.code === 'MICROPHONE_BUSY') this.#recoverLater();
      if (this.#lost) return;
      this.#lost = true;
      this.emit('lost', { error: known });
    }
  }

  #recoverLater(): void {
    clearTimeout(this.#retryTimer);
    const delayMs = this.#recoveries.nextRetryMs();
    if (delayMs === undefined) return;
    this.#retryTimer = setTimeout(() => this.#inBackground(() => this.#recover()), delayMs);
  }

  async #onDevicesChanged(): Promise<void> {
    const { defaultChanged } = await this.#lookAround();
    if (this.#closed || this.#isGivenBack || this.#list.isEmpty) return;
    if (this.#track.readyState === 'ended') {
      await this.#recover();
      return;
    }
    const chosenIsGone = this.#chosenId !== undefined && this.#list.find(this.#chosenId) === undefined;
    if (chosenIsGone) {
      this.#chosenId = undefined;
      if (await this.#openAnew()) this.#tellDevice('unplugged');
    } else if (this.#chosenId === undefined && this.#followDefaultDevice && defaultChanged) {
      if (await this.#openAnew()) this.#tellDevice('default');
    }
  }

  async #lookAround(): Promise<{ defaultChanged: boolean }> {
    const { changed, defaultChanged } = await this.#list.update();
    if (!this.#closed && changed !== undefined) this.emit('devicesChanged', { microphones: changed });
    return { defaultChanged };
  }

  #tellDevice(cause: 'chosen' | 'default' | 'unplugged'): void {
    this.emit('deviceChanged', { deviceId: this.deviceId, label: this.label, cause });
  }

  /** Listens into a muted microphone, as long as somebody wants to be told. */
  #watchSpeech(): void {
    clearInterval(this.#speechTimer);
    this.#speech.reset();
    if (this.#closed || !this.#muted || this.#stopOnMute) return;
    this.#speechTimer = setInterval(() => {
      if (!this.hasListeners('speakingWhileMuted')) return;
      if (this.#speech.hear({ level: this.level(), atMs: performance.now() })) this.emit('speakingWhileMuted');
    }, defaults.speakingWhileMuted.sampleEveryMs);
  }
}

function chosenIdOf(deviceId: string | undefined): string | undefined {
  return deviceId === '' || deviceId === 'default' ? undefined : deviceId;
}
