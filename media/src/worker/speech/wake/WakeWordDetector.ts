/** Detects wake words by their sound, before anything is recognised. One detector serves any number of tracks. */
export interface WakeWordDetector {
  /** The phrases that it detects. */
  readonly phrases: readonly string[];
  open(options: WakeWordStreamOptions): WakeWordStream;
  /** Closes all streams and frees the models. Idempotent. */
  close(): Promise<void>;
}

export interface WakeWordStreamOptions {
  /** 0 to 1; higher accepts less similar sounds. */
  sensitivity: number;
  onDetection: (detection: { phrase: string; score: number }) => void;
}

/** One track. */
export interface WakeWordStream {
  /** The next samples, 16 kHz mono, any number. If it cannot keep up, the oldest are skipped. */
  push(pcm: Int16Array): void;
  /** Forgets the past: the track continues elsewhere. */
  reset(): void;
  /** Resolves when everything that was pushed has been processed. */
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
