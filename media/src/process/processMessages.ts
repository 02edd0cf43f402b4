/** Messages between a parent and its child process, and the envelopes that carry them over Node's IPC channel. */

/**
 * Types of one kind of child process. Every value crosses by structured clone (`serialization: 'advanced'`). `requests` maps a method's
 * name to its request and response.
 */
export interface ProcessContract {
  /** Payload of the first message to the child. */
  init: unknown;
  /** What the child reports when it is ready. */
  ready: unknown;
  /** One-way messages. */
  toChild: unknown;
  toParent: unknown;
  requests: object;
}

export type MethodOf<C extends ProcessContract> = Extract<keyof C['requests'], string>;
export type RequestOf<C extends ProcessContract, M extends MethodOf<C>> = C['requests'][M] extends { request: infer R }
  ? R
  : never;
export type ResponseOf<C extends ProcessContract, M extends MethodOf<C>> = C['requests'][M] extends {
  response: infer R;
}
  ? R
  : never;

export interface WireError {
  message: string;
  code?: string;
}

export type ToChildEnvelope =
  | { type: 'init'; payload: unknown }
  | { type: 'ping'; id: number }
  | { type: 'message'; payload: unknown }
  | { type: 'request'; id: number; method: string; payload: unknown }
  | { type: 'close' };

export type ToParentEnvelope =
  | { type: 'ready'; payload: unknown }
  | { type: 'initFailed'; reason: string; retryable: boolean }
  | { type: 'pong'; id: number }
  | { type: 'message'; payload: unknown }
  | { type: 'response'; id: number; ok: true; payload: unknown }
  | { type: 'response'; id: number; ok: false; error: WireError };

export type ProcessErrorCode =
  /** The child died before it answered. */
  | 'PROCESS_EXITED'
  /** Nothing is running: starting, waiting for a restart, or given up. */
  | 'PROCESS_NOT_READY'
  | 'PROCESS_CLOSED'
  /** The child lives but did not answer in time. */
  | 'REQUEST_TIMEOUT'
  /** The child answered with an error; `remoteCode` is its code. */
  | 'REQUEST_FAILED';

export class ProcessError extends Error {
  override readonly name = 'ProcessError';
  readonly code: ProcessErrorCode;
  readonly remoteCode: string | undefined;

  constructor(code: ProcessErrorCode, message: string, options: ErrorOptions & { remoteCode?: string } = {}) {
    super(message, options);
    this.code = code;
    this.remoteCode = options.remoteCode;
  }
}
