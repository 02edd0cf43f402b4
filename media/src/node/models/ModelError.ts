export type ModelErrorCode =
  /** No model of this name. */
  | 'MODEL_UNKNOWN'
  /** The file is not there. */
  | 'MODEL_NOT_FOUND'
  /** The file is not a ggml Whisper model. */
  | 'MODEL_UNREADABLE'
  | 'MODEL_DOWNLOAD_FAILED'
  /** Anyone on the way could put another file in its place. */
  | 'MODEL_ADDRESS_INSECURE'
  | 'MODEL_CHECKSUM_MISMATCH'
  /** A package that the model could be rebuilt from cannot be had, or is another one than it says. */
  | 'MODEL_PACKAGE_FAILED'
  /** The disk is full, or may not be written. */
  | 'MODEL_DISK_FAILED'
  /** Somebody gave it up. */
  | 'MODEL_INTERRUPTED';

/** Its message is a sentence that a person can act on. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
