import type { ChildLogger } from '../process/index.js';
import { SupervisedProcess } from '../process/index.js';
import type { ReadingProfile } from '../settings/reading.js';
import type { SpeechSettings } from '../settings/speechSettings.js';
import type { MediaWorkerContract, PipelineEvent, TrackDescription } from '../worker/contract/messages.js';
import { AsrService, type AsrServiceOptions } from './AsrService.js';
import type { RecognizerStatus } from './RecognizerStatus.js';

export interface RecordingTranscriberOptions extends Omit<AsrServiceOptions, 'interimModel' | 'logger'> {
  logger: ChildLogger;
}

export interface TranscribeOptions {
  /** Path on this machine. */
  file: string;
  track: Pick<TrackDescription, 'trackId' | 'participantId' | 'name'>;
  settings: SpeechSettings;
  reading?: Partial<ReadingProfile> | undefined;
  /** The events of a live track; times are milliseconds from the start of the file. */
  onEvent: (event: PipelineEvent) => void;
}

/** A week: longer than any recording takes. A worker that hangs is found by its pings. */
const LONGEST_MS = 7 * 24 * 3_600_000;

/**
 * Transcribes files, several at a time, with a media worker and a recogniser of its own. Files are decoded in the media worker, or in a
 * process of ffmpeg: a file that crashes its decoder does not crash this process.
 */
export class RecordingTranscriber {
  readonly #asr: AsrService;
  readonly #worker: SupervisedProcess<MediaWorkerContract>;
  readonly #listeners = new Map<string, (event: PipelineEvent) => void>();
  #started = 0;

  /** Starts both processes. Wait for `ready` before the first file. */
  static async create(options: RecordingTranscriberOptions): Promise<RecordingTranscriber> {
    return new RecordingTranscriber(await AsrService.create(options), options.logger);
  }

  private constructor(asr: AsrService, logger: ChildLogger) {
    this.#asr = asr;
    this.#worker = SupervisedProcess.create<MediaWorkerContract>({
      name: 'media worker',
      entry: new URL('../worker/mediaWorkerProcess.js', import.meta.url),
      init: { asrSocketPath: asr.socketPath },
      logger,
    });
    this.#worker.on('message', (event) => this.#listeners.get(event.meetingId)?.(event));
  }

  /** Resolves when both processes have started or failed to; the status says whether there is a recogniser. */
  async ready(): Promise<RecognizerStatus> {
    const worker = new Promise<void>((resolve) => {
      if (this.#worker.state === 'ready') return resolve();
      this.#worker.on('ready', () => resolve());
      this.#worker.on('unavailable', () => resolve());
    });
    const [status] = await Promise.all([this.#asr.settled(), worker]);
    return status;
  }

  /**
   * Resolves when the whole file is text, gaps, or no speech.
   * @returns the length of the audio
   * @throws ProcessError with a `RecordingErrorCode` as `remoteCode`, or `PROCESS_EXITED` if the worker died. Events up to then are valid
   */
  async transcribe(options: TranscribeOptions): Promise<{ durationMs: number }> {
    const { onEvent, ...request } = options;
    this.#started += 1;
    const meetingId = `recording ${this.#started}`;
    this.#listeners.set(meetingId, onEvent);
    try {
      const longestWindowMs = this.#asr.capabilities.longestWindowMs.final;
      const payload = { ...request, meetingId, longestWindowMs };
      return await this.#worker.request('transcribeRecording', { payload, timeoutMs: LONGEST_MS });
    } finally {
      this.#listeners.delete(meetingId);
    }
  }

  /** Ends both processes, and what they are doing. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([this.#worker.close(), this.#asr.close()]);
  }
}
