import { asParleyError, codeOf } from './parleyErrors.js';
import type { JoinResult, ParleyError, RequestOf } from './protocol/index.js';
import type { SignalingChannel } from './signaling/SignalingChannel.js';

export interface RoomEntryOptions {
  channel: Pick<SignalingChannel, 'request' | 'restart' | 'connected'>;
  /** A moderator has to admit this participant. */
  onWaiting: () => void;
}

interface JoinAttempt {
  request: RequestOf<'join'>;
  /** If false, `ADMISSION_REQUIRED` is an error like any other. */
  waitForAdmission: boolean;
  /** @throws ParleyError if the room was left, or the client closed, in the meantime */
  assertWanted: () => void;
}

/** The place of a connection in a room of the server: takes it, if necessary after a wait to be admitted, and gives it up. */
export class RoomEntry {
  readonly #channel: RoomEntryOptions['channel'];
  readonly #onWaiting: () => void;
  #isInRoom = false;
  /** Ends the wait for the next attempt; undefined while there is none. */
  #endWait: ((error?: ParleyError) => void) | undefined;

  constructor({ channel, onWaiting }: RoomEntryOptions) {
    this.#channel = channel;
    this.#onWaiting = onWaiting;
  }

  /** Whether this connection has joined a room, or waits to be admitted to one. */
  get isInRoom(): boolean {
    return this.#isInRoom;
  }

  /**
   * Joins. Once it waits to be admitted, it goes on through lost connections.
   * @throws ParleyError, as a rejection: the server's error, or that of `assertWanted` or `abort`
   */
  async join(attempt: JoinAttempt): Promise<JoinResult> {
    for (let hasWaited = false; ; attempt.assertWanted()) {
      try {
        const joined = await this.#channel.request('join', attempt.request);
        this.#isInRoom = true;
        return joined;
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ALREADY_JOINED') {
          // An earlier join took effect after we had given up on it.
          await this.#channel.request('leave', {});
        } else if (code === 'ADMISSION_REQUIRED' && attempt.waitForAdmission) {
          await this.#waitForAdmission({ attempt, hasWaited });
          hasWaited = true;
        } else if (hasWaited && this.#isPassingLoss(error)) {
          attempt.assertWanted();
          await this.#nextAttempt();
        } else {
          throw error;
        }
      }
    }
  }

  /** Ends the wait because `join` is worth another try: admitted, or connected again. @returns whether there was a wait */
  retry(): boolean {
    const endWait = this.#endWait;
    endWait?.();
    return endWait !== undefined;
  }

  /** Ends the wait for good, and with it `join`. */
  abort(error: ParleyError): void {
    this.#endWait?.(error);
  }

  /** The connection was lost, and its place with it. */
  onConnectionLost(): void {
    this.#isInRoom = false;
  }

  /** Never rejects. If the server does not answer, the connection is replaced. */
  async leave(): Promise<void> {
    if (!this.#isInRoom || !this.#channel.connected) return;
    this.#isInRoom = false;
    try {
      await this.#channel.request('leave', {});
    } catch (error) {
      if (codeOf(error) !== 'NOT_JOINED') this.#channel.restart(asParleyError(error, 'REQUEST_TIMEOUT'));
    }
  }

  /** @throws ParleyError, as a rejection: why the wait has ended, e.g. `ADMISSION_REFUSED` */
  async #waitForAdmission(options: { attempt: JoinAttempt; hasWaited: boolean }): Promise<void> {
    const { request, assertWanted } = options.attempt;
    const { room, roomSecret } = request;
    // Before the request: `admitted` may arrive before its answer.
    const next = this.#nextAttempt();
    next.catch(() => {});
    try {
      await this.#channel.request('requestAdmission', { room, ...(roomSecret === undefined ? {} : { roomSecret }) });
      this.#isInRoom = true;
      assertWanted();
      this.#onWaiting();
    } catch (error) {
      if (!options.hasWaited || !this.#isPassingLoss(error)) {
        this.#endWait = undefined;
        throw error;
      }
    }
    await next;
  }

  #nextAttempt(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#endWait = (error) => {
        this.#endWait = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  }

  /** Whether a request failed with its connection, which the channel is about to replace. */
  #isPassingLoss(error: unknown): boolean {
    return !this.#channel.connected && asParleyError(error, 'INTERNAL').retryable;
  }
}
