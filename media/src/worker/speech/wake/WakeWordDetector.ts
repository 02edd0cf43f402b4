/** Hears wake words by their sound, before anything is recognised. One detector serves any number of tracks. */
export interface WakeWordDetector {
  /** What it listens for. */
  readonly phrases: readonly string[];
  open(options: WakeWordStreamOptions): WakeWordStream;
  /** Closes all streams and frees the models. Idempotent. */
  close(): Promise<void>;
}

export interface WakeWordStreamOptions {
  /** 0 to 1; higher takes more for the word. */
  sensitivity: number;
  onDetection: (detection: { phrase: string; score: number }) => void;
}

/** One track. */
export interface WakeWordStream {
  /** The next samples, 16 kHz mono, any number. What it cannot keep up with is skipped, the oldest first. */
  push(pcm: Int16Array): void;
  /** Forgets what was heard: the track goes on elsewhere. */
  reset(): void;
  /** Resolves when everything that was pushed has been listened to. */
  drain(): Promise<void>;
  close(): void;
}

export type WakeWordErrorCode = 'WAKE_MODEL_UNREADABLE' | 'WAKE_MODEL_UNSUITABLE';

export class WakeWordError extends Error {
  override readonly name = 'WakeWordError';
  readonly code: WakeWordErrorCode;

  constructor(code: WakeWordErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
