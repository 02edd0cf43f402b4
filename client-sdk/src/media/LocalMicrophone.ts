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
   * Whether muting releases the microphone: its light goes out, and `unmute` has to open it again. Speech while muted is not detected then.
   * Default false.
   */
  stopOnMute?: boolean;
  /** Muted except between `press` and `release`. Default false. */
  pushToTalk?: boolean;
  /** Whether to follow the system's default microphone while none is chosen by its id. Default true. */
  followDefaultDevice?: boolean;
}

export interface LocalMicrophoneEvents {
  /** `microphone.track` changed; the previous track is stopped. */
  trackChanged: [event: { track: MediaStreamTrack }];
  mutedChanged: [event: { muted: boolean }];
  /** The device changed: `chosen` with `setDevice`, the system's `default` changed, or the previous one was `unplugged`. */
  deviceChanged: [event: { deviceId: string; label: string; cause: 'chosen' | 'default' | 'unplugged' }];
  /** Microphones were plugged in or unplugged. */
  devicesChanged: [event: { microphones: Microphone[] }];
  /** Someone speaks into the muted microphone. At most once in `defaults.speakingWhileMuted.everyMs`; never with `stopOnMute`. */
  speakingWhileMuted: [];
  /**
   * The device is gone and no other could be opened, or it failed too often (`defaults.microphoneRecovery`). The next device that appears
   * is opened, and a busy one (`MICROPHONE_BUSY`) is retried for a while; then `recovered` follows.
   */
  lost: [event: { error: ParleyError }];
  recovered: [];
  /** `close` was called. */
  closed: [];
}

/** Number of steps that may wait. */
const STEPS_CAPACITY = 64;

/**
 * A managed microphone: its device can be changed, unplugged and plugged in again while `client.publishMicrophone` sends it. Also useful
 * before joining, e.g. to choose a device by its level.
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
  /** Everything that opens a device, one step at a time. */
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
  /** Number of the `unmute` that waits for the device to open; undefined if none does. */
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
   * Opens a microphone. Browsers ask for permission the first time.
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

  /** The current track. Changes with the device (`trackChanged`). Ended while there is no device, and while muted with `stopOnMute`. */
  get track(): MediaStreamTrack {
    return this.#track;
  }

  /** Id of the device in use, as the browser reports it; `default` in Chromium if none was chosen. */
  get deviceId(): string {
    const inUse = this.#track.getSettings().deviceId ?? '';
    // A device that was chosen while the microphone is released is opened by `unmute`.
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

  /** Whether no device is available at the moment. */
  get lost(): boolean {
    return this.#lost;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The processing that the browser reports, or, if it reports none, the requested one. */
  get processing(): AudioProcessing {
    return { ...this.#processing, ...processingOf(this.#track) };
  }

  /**
   * Current loudness of the microphone, also while muted: 0 (silence) to 1 (full scale), on a perceptual scale. 0 while there is no device,
   * and while muted with `stopOnMute`.
   */
  level(): number {
    return this.#track.readyState === 'live' ? this.#meter.level() : 0;
  }

  /**
   * Switches to another microphone. Muted stays muted.
   * @param deviceId from `listMicrophones`; empty or `default` for the system's default, which is then followed
   * @throws ParleyError, as a rejection, like `create`; the previous microphone stays in use
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
   * Turns echo cancellation, noise suppression and gain control on or off.
   *
   * @example
   * await microphone.setProcessing({ noiseSuppression: false });
   *
   * @throws ParleyError, as a rejection, like `create`; the previous processing is restored, or the microphone is `lost`
   */
  async setProcessing(processing: Partial<AudioProcessing>): Promise<void> {
    await this.#step(async () => {
      const before = this.#processing;
      this.#processing = { ...before, ...processing };
      if (await applyProcessing({ track: this.#track, processing: this.#processing })) return;
      if (this.#isGivenBack) return;
      // Chromium reopens an open device with its current processing, so it must be closed first.
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

  /** Mutes immediately. Idempotent. */
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
   * Unmutes: immediately, or with `stopOnMute` once the device is open. A `mute` in the meantime wins.
   * @throws ParleyError, as a rejection, like `create`; only with `stopOnMute`. It stays muted
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

  /** Turns push to talk on or off. Turning it on mutes; turning it off changes nothing else. */
  setPushToTalk(on: boolean): void {
    this.#pushToTalk = on;
    if (on) this.mute();
  }

  /** The key was pressed: unmutes if push to talk is on. @throws ParleyError, as a rejection, like `unmute` */
  async press(): Promise<void> {
    if (this.#pushToTalk) await this.unmute();
  }

  /** The key was released: mutes if push to talk is on. */
  release(): void {
    if (this.#pushToTalk) this.mute();
  }

  /** Releases the microphone. Idempotent. */
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

  /** Muted with the device released. */
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

  /** For steps that the caller did not request: they report their result through events. */
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

  /** @returns whether there is a new track; false if the device is no longer needed */
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
    // Muted again since, or the device was opened for an earlier `unmute`.
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

  /** Opens the chosen device, or, if it is gone, the default one. */
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

  /** The track ended without our doing. */
  async #recover(): Promise<void> {
    if (this.#isGivenBack || this.#track.readyState === 'live') return;
    const { label } = this.#track;
    if (!this.#lost) this.#recoveries.onLoss(performance.now());
    try {
      if (!this.#recoveries.allows(performance.now())) {
        throw errorOf('MICROPHONE_BUSY', { message: 'The microphone keeps failing.' });
      }
      const wasChosen = this.#chosenId !== undefined;
      const opened = await this.#openChosenOrDefault();
      if (opened) this.#recoveries.onRecovery(performance.now());
      if (opened && !wasChosen && this.label !== label) this.#tellDevice('unplugged');
    } catch (error) {
      if (this.#closed) return;
      const known = asParleyError(error, 'MICROPHONE_NOT_FOUND');
      // A missing device is opened when it is plugged in.
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

  /** Detects speech into a muted microphone while there are listeners for it. */
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
