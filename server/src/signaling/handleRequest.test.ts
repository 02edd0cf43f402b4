import { type Ack, ParleyError, type RequestName } from '@parley/client-sdk/protocol';
import { requestSchemas } from '@parley/client-sdk/protocol/schema';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { RepeatFilter } from '../observability/RepeatFilter.js';
import { handleRequest, type RequestHandlers } from './handleRequest.js';

const logger = pino({ level: 'silent' });
const PRODUCE = {
  transportId: 't',
  track: 'microphone',
  paused: false,
  rtpParameters: { codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000 }] },
};
/** Every line stands for itself. */
const lines = { passes: () => true };
const names = Object.keys(requestSchemas) as RequestName[];

/** Handlers that answer with what they were given, unless told to fail. */
function handlersThat(behave: (request: unknown) => unknown): RequestHandlers<null> {
  return Object.fromEntries(
    names.map((name) => [name, (_: null, request: unknown) => behave(request)]),
  ) as RequestHandlers<null>;
}

function ask(
  name: string,
  options: { args?: unknown[]; handlers?: RequestHandlers<null> } = {},
): Promise<Ack<unknown>> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    const ack = (answer: Ack<unknown>) => {
      answers += 1;
      if (answers > 1) reject(new Error('answered twice'));
      resolve(answer);
    };
    const handlers = options.handlers ?? handlersThat((request) => request);
    handleRequest({ name, args: [...(options.args ?? [{}]), ack], context: null, handlers, logger, lines });
  });
}

describe('handleRequest', () => {
  test('gives a valid request to its handler and its answer to the ack', async () => {
    expect(await ask('join', { args: [{ room: 'daily' }] })).toEqual({ ok: true, data: { room: 'daily' } });
  });

  test.each(names)('survives %s with no ack, an ack that is no function, and arguments of any kind', async (name) => {
    const handlers = handlersThat(() => ({}));
    for (const args of [[], [{}], [{}, {}], [null], [undefined, 'ack'], [[], 5]]) {
      expect(() => handleRequest({ name, args, context: null, handlers, logger, lines })).not.toThrow();
    }
    for (const data of [null, undefined, 'text', 5, [], true, { __proto__: null }, { unknown: 1 }]) {
      const answer = await ask(name, { args: [data], handlers });
      if (!answer.ok) expect(['BAD_REQUEST', 'INVALID_ROOM_NAME']).toContain(answer.error.code);
    }
    const tooMany = await ask(name, { args: [{}, {}], handlers });
    expect(tooMany).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } });
  });

  test('refuses what it does not know, also by the names of Object', async () => {
    for (const name of ['dance', '__proto__', 'constructor', 'toString', '7']) {
      expect(await ask(name)).toMatchObject({ ok: false, error: { code: 'UNKNOWN_EVENT' } });
    }
  });

  test('tells a bad room name in words of its own', async () => {
    for (const room of ['', '../etc', 'a b', '_x', 'ünï', 'x'.repeat(65), 5]) {
      expect(await ask('join', { args: [{ room }] })).toMatchObject({
        ok: false,
        error: { code: 'INVALID_ROOM_NAME' },
      });
    }
  });

  test('refuses malformed media parameters before anything native sees them', async () => {
    const transportId = 't1';
    const bad = [
      ['connectTransport', { transportId, dtlsParameters: { role: 'client', fingerprints: [] } }],
      [
        'connectTransport',
        { transportId, dtlsParameters: { role: 'client', fingerprints: [{ algorithm: 'md5', value: 'AA' }] } },
      ],
      ['produce', { transportId, track: 'microphone', paused: false, rtpParameters: { codecs: [] } }],
      ['produce', { transportId, track: 'microphone', paused: false, rtpParameters: null }],
      [
        'produce',
        {
          transportId,
          track: 'microphone',
          paused: false,
          rtpParameters: { codecs: [{ mimeType: 'audio/opus', payloadType: -1, clockRate: 48_000 }] },
        },
      ],
      [
        'produce',
        {
          transportId,
          track: 'microphone',
          paused: false,
          rtpParameters: {
            codecs: Array.from({ length: 10_000 }, () => ({
              mimeType: 'audio/opus',
              payloadType: 100,
              clockRate: 48_000,
            })),
          },
        },
      ],
      ['produce', { transportId, track: 'screen', paused: false, rtpParameters: {} }],
    ] as const;
    for (const [name, request] of bad) {
      expect(await ask(name, { args: [request] }), name).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } });
    }
  });

  test('serves nothing that is not admitted, at the very moment of serving', async () => {
    let served = 0;
    const handlers = handlersThat(() => {
      served += 1;
      return {};
    });
    const admit = () => {
      throw new ParleyError('REMOVED');
    };
    const answer = await new Promise((resolve) => {
      handleRequest({ name: 'leave', args: [{}, resolve], context: null, handlers, logger, lines, admit });
    });
    expect(answer).toMatchObject({ ok: false, error: { code: 'REMOVED' } });
    expect(() =>
      handleRequest({ name: 'leave', args: [{}], context: null, handlers, logger, lines, admit }),
    ).not.toThrow();
    expect(served).toBe(0);
  });

  test('answers with the code of a known error, and hides an unknown one', async () => {
    const known = handlersThat(() => {
      throw new ParleyError('ROOM_FULL');
    });
    expect(await ask('leave', { handlers: known })).toMatchObject({
      ok: false,
      error: { code: 'ROOM_FULL', retryable: true },
    });
    const unknown = handlersThat(() => Promise.reject(new Error('secret path /etc/passwd')));
    const answer = await ask('leave', { handlers: unknown });
    expect(answer).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(JSON.stringify(answer)).not.toContain('passwd');
  });
});

describe('what the log says of requests', () => {
  const logOf = (filter: Pick<RepeatFilter, 'passes'>) => {
    const written: string[] = [];
    const log = pino({ level: 'info' }, { write: (line) => void written.push(line) });
    const serve = (error: unknown) =>
      new Promise((resolve) =>
        handleRequest({
          name: 'produce',
          args: [PRODUCE, resolve],
          context: null,
          handlers: handlersThat(() => {
            throw error;
          }),
          logger: log,
          lines: filter,
        }),
      );
    return { written, serve };
  };
  const refused = () =>
    new ParleyError('INVALID_RTP_PARAMETERS', { cause: new Error(`unsupported codec ${'x'.repeat(10_000)}`) });

  test('H6 is why one was refused, in one short line without a stack', async () => {
    const { written, serve } = logOf(lines);
    await serve(refused());
    expect(written).toHaveLength(1);
    expect(written[0]?.length).toBeLessThan(600);
    const line = JSON.parse(written[0] ?? '');
    expect(line).toMatchObject({ event: 'produce', code: 'INVALID_RTP_PARAMETERS', msg: 'a request was refused' });
    expect(line.reason).toMatch(/^unsupported codec x+$/);
    expect(JSON.stringify(line)).not.toContain('handleRequest');
  });

  test('H6 is no more than so many lines a minute, however many are refused or fail', async () => {
    const time = new ManualTime();
    const held: unknown[] = [];
    const filter = new RepeatFilter({ most: 60, windowMs: 60_000, onHeldBack: (each) => held.push(each), time });
    const { written, serve } = logOf(filter);
    for (let count = 0; count < 1_000; count += 1) {
      await serve(refused());
      await serve(new TypeError('a bug'));
    }
    expect(written).toHaveLength(120);
    time.advance(60_000);
    expect(held).toEqual([
      { kind: 'produce INVALID_RTP_PARAMETERS', count: 940 },
      { kind: 'produce INTERNAL', count: 940 },
    ]);
  });
});
