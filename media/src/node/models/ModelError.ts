export type ModelErrorCode =
  /** No model of this name. */
  | 'MODEL_UNKNOWN'
  /** The file is not there. */
  | 'MODEL_NOT_FOUND'
  /** The file is not a ggml Whisper model. */
  | 'MODEL_UNREADABLE'
  | 'MODEL_DOWNLOAD_FAILED'
  /** Anyone on the network path could replace the file. */
  | 'MODEL_ADDRESS_INSECURE'
  | 'MODEL_CHECKSUM_MISMATCH'
  /** A package needed to rebuild the model is not available, or has other content. */
  | 'MODEL_PACKAGE_FAILED'
  /** The disk is full, or not writable. */
  | 'MODEL_DISK_FAILED'
  /** It was aborted. */
  | 'MODEL_INTERRUPTED';

/** Its message says what the user can do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
