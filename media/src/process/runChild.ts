import { CLOSE_TIMES } from './closeTimes.js';
import type {
  MethodOf,
  ProcessContract,
  RequestOf,
  ResponseOf,
  ToChildEnvelope,
  ToParentEnvelope,
} from './processMessages.js';

/** Thrown by `init` when another start would end the same way, e.g. an unreadable model. Stops the restarts. */
export class PermanentInitError extends Error {
  override readonly name = 'PermanentInitError';
}

export type RequestHandlers<C extends ProcessContract> = {
  [M in MethodOf<C>]: (payload: RequestOf<C, M>) => ResponseOf<C, M> | Promise<ResponseOf<C, M>>;
};

export interface ChildLink<C extends ProcessContract> {
  send(message: C['toParent']): void;
  /** Sends, waits until the channel has taken it, at most 200 ms, and ends this process by SIGKILL. For a state that cannot be left. */
  sendAndDie(message: C['toParent']): void;
}

export interface RunChildOptions<C extends ProcessContract> {
  /** Makes the child ready. Throw `PermanentInitError` where a restart is of no use; anything else is tried again. */
  init(payload: C['init'], link: ChildLink<C>): Promise<C['ready']>;
  onMessage?(message: C['toChild']): void;
  requests?: RequestHandlers<C>;
  /** Ends what `init` began. The process exits when it is done. */
  close?(): void | Promise<void>;
}

/**
 * The child's side of `SupervisedProcess`: to be called once, at the top of the entry. Answers pings, ends on the parent's
 * word or within 2 s of the parent's death, and leaves SIGINT and SIGTERM, which a terminal or a service manager sends to the
 * whole group, to the parent: it decides when its children end.
 */
export function runChild<C extends ProcessContract>(options: RunChildOptions<C>): void {
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});

  const post = (message: ToParentEnvelope, sent: () => void = () => {}): void => {
    if (process.connected === true && process.send !== undefined) process.send(message, undefined, {}, sent);
    else sent();
  };
  const die = (): void => {
    process.kill(process.pid, 'SIGKILL');
  };
  const link: ChildLink<C> = {
    send: (message) => post({ type: 'message', payload: message }),
    sendAndDie: (message) => {
      setTimeout(die, 200);
      post({ type: 'message', payload: message }, die);
    },
  };

  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    try {
      await options.close?.();
      process.exit(0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };

  process.on('disconnect', () => {
    // Native threads may hold an orderly end; SIGKILL does not ask them.
    setTimeout(die, CLOSE_TIMES.orphanMs - 300);
    void end();
  });

  const init = async (payload: unknown): Promise<void> => {
    try {
      post({ type: 'ready', payload: await options.init(payload as C['init'], link) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      post({ type: 'initFailed', reason, retryable: !(error instanceof PermanentInitError) });
    }
  };

  const answer = async (message: { id: number; method: string; payload: unknown }): Promise<void> => {
    const { id } = message;
    try {
      const handlers = options.requests as Record<string, (payload: unknown) => unknown> | undefined;
      const handler =
        handlers !== undefined && Object.hasOwn(handlers, message.method) ? handlers[message.method] : undefined;
      if (handler === undefined) throw new Error(`unknown method ${message.method}`);
      post({ type: 'response', id, ok: true, payload: await handler(message.payload) });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
      post({
        type: 'response',
        id,
        ok: false,
        error: code === undefined ? { message: text } : { message: text, code },
      });
    }
  };

  process.on('message', (message: ToChildEnvelope) => {
    switch (message.type) {
      case 'init':
        void init(message.payload);
        return;
      case 'ping':
        post({ type: 'pong', id: message.id });
        return;
      case 'message':
        options.onMessage?.(message.payload as C['toChild']);
        return;
      case 'request':
        void answer(message);
        return;
      case 'close':
        void end();
        return;
    }
  });
}
