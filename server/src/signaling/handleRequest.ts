import { type Ack, ParleyError, type RequestName, type RequestOf, type ResponseOf } from '@parley/client-sdk/protocol';
import { requestSchemas } from '@parley/client-sdk/protocol/schema';
import type { Logger } from '../observability/logger.js';
import type { RepeatFilter } from '../observability/RepeatFilter.js';

/** The handlers of all requests. */
export type RequestHandlers<Context> = {
  [N in RequestName]: (context: Context, request: RequestOf<N>) => Promise<ResponseOf<N>> | ResponseOf<N>;
};

/**
 * The entry point of every request: validates it with its schema, runs its handler, and answers exactly once. Nothing that a client sends
 * makes this throw. A request without an ack is not handled.
 */
export function handleRequest<Context>(options: {
  name: string;
  args: readonly unknown[];
  context: Context;
  handlers: RequestHandlers<Context>;
  logger: Logger;
  /** Of all connections together: which lines about requests stand for themselves. */
  lines: Pick<RepeatFilter, 'passes'>;
  /** Asked before anything is looked at. @throws ParleyError for what must wait, or may not be asked any more */
  admit?: () => void;
}): void {
  const { name, args, context, handlers, logger, lines, admit } = options;
  const ack = args.at(-1);
  if (typeof ack !== 'function') {
    logger.debug({ event: name }, 'ignored a request without an ack');
    try {
      admit?.();
    } catch {
      // Its refusal counts too, but the result is not needed.
    }
    return;
  }
  let answered = false;
  const answer = (result: Ack<unknown>) => {
    if (!answered) {
      answered = true;
      ack(result);
    }
  };
  void Promise.resolve()
    .then(() => {
      admit?.();
      return serve({ name, args, context, handlers });
    })
    .then((data) => answer({ ok: true, data }))
    .catch((error: unknown) => answer({ ok: false, error: wireErrorOf({ error, name, logger, lines }).toWire() }));
}

async function serve<Context>(options: {
  name: string;
  args: readonly unknown[];
  context: Context;
  handlers: RequestHandlers<Context>;
}): Promise<unknown> {
  const { name, args, context, handlers } = options;
  if (!Object.hasOwn(requestSchemas, name)) {
    throw new ParleyError('UNKNOWN_EVENT');
  }
  if (args.length !== 2) {
    throw new ParleyError('BAD_REQUEST', { message: 'A request must have one object and an ack.' });
  }
  const known = name as RequestName;
  const parsed = requestSchemas[known].safeParse(args[0]);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue?.path.join('.') ?? '';
    throw known === 'join' && place === 'room'
      ? new ParleyError('INVALID_ROOM_NAME')
      : new ParleyError('BAD_REQUEST', {
          message: `${known}: ${place === '' ? '' : `${place}: `}${issue?.message ?? 'not valid'}`,
        });
  }
  const handler = handlers[known] as (context: Context, request: unknown) => unknown;
  return handler(context, parsed.data);
}

/** Of what a stranger can have written. */
const MOST_CHARACTERS = 256;

function wireErrorOf(options: {
  error: unknown;
  name: string;
  logger: Logger;
  lines: Pick<RepeatFilter, 'passes'>;
}): ParleyError {
  const { error, name, logger, lines } = options;
  if (error instanceof ParleyError) {
    const { code, cause } = error;
    // A stack would say where this code is, and nothing about what was wrong with the request.
    if (cause !== undefined && lines.passes(`${name} ${code}`)) {
      const reason = (cause instanceof Error ? cause.message : String(cause)).slice(0, MOST_CHARACTERS);
      logger.info({ event: name, code, reason }, 'a request was refused');
    }
    return error;
  }
  if (lines.passes(`${name} INTERNAL`)) logger.error({ event: name, err: error }, 'a request failed');
  return new ParleyError('INTERNAL');
}
