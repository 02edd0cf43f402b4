export type SfuErrorCode =
  | 'WORKER_UNAVAILABLE'
  | 'PORT_IN_USE'
  | 'TRANSPORT_NOT_FOUND'
  | 'PRODUCER_NOT_FOUND'
  | 'CONSUMER_NOT_FOUND'
  | 'INVALID_RTP_PARAMETERS'
  | 'INVALID_STATE';

export class SfuError extends Error {
  override readonly name = 'SfuError';
  readonly code: SfuErrorCode;

  constructor(code: SfuErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
