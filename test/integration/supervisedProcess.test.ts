import { fileURLToPath } from 'node:url';
import { type ChildLogger, SupervisedProcess } from '@parley/media/process';
import { afterEach, describe, expect, it } from 'vitest';

interface Calculator {
  init: { fail?: boolean; permanent?: boolean };
  ready: { pid: number };
  toChild: string;
  toParent: string;
  requests: {
    add: { request: number[]; response: number };
    refuse: { request: undefined; response: never };
    hang: { request: undefined; response: never };
    write: { request: undefined; response: undefined };
    exit: { request: number; response: never };
    spin: { request: undefined; response: never };
    missing: { request: undefined; response: never };
  };
}

const started: SupervisedProcess<Calculator>[] = [];

function start(options: { init?: Calculator['init']; logger?: ChildLogger; limits?: object } = {}) {
  const supervised = SupervisedProcess.create<Calculator>({
    name: 'calculator',
    entry: fileURLToPath(new URL('../fixtures/calculatorChild.mjs', import.meta.url)),
    init: options.init ?? {},
    logger: options.logger ?? (() => {}),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  started.push(supervised);
  return supervised;
}

const next = <T>(subscribe: (listener: (value: T) => void) => () => void): Promise<T> =>
  new Promise((resolve) => {
    const off = subscribe((value) => {
      off();
      resolve(value);
    });
  });
const ready = (supervised: SupervisedProcess<Calculator>) =>
  next<{ pid: number }>((listener) => supervised.on('ready', listener));

afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.close()));
});

describe('SupervisedProcess with real processes', () => {
  it('asks and answers, with errors and unknown methods told apart', async () => {
    const supervised = start();
    expect((await ready(supervised)).pid).toBe(supervised.pid);
    expect(await supervised.request('add', { payload: [1, 2, 3] })).toBe(6);
    await expect(supervised.request('refuse', { payload: undefined })).rejects.toMatchObject({
      code: 'REQUEST_FAILED',
      remoteCode: 'NO',
    });
    await expect(supervised.request('missing', { payload: undefined })).rejects.toMatchObject({
      message: 'unknown method missing',
    });
    const echoed = next<string>((listener) => supervised.on('message', listener));
    supervised.send('hello');
    expect(await echoed).toBe('echo hello');
  });

  it('passes on what the child prints', async () => {
    const lines: string[] = [];
    const supervised = start({ logger: ({ source, text }) => lines.push(`${source}: ${text}`) });
    await ready(supervised);
    await supervised.request('write', { payload: undefined });
    await expect.poll(() => lines.toSorted()).toEqual(['stderr: to stderr', 'stdout: to stdout']);
  });

  it('settles what was asked and starts another when the child exits by itself', async () => {
    const supervised = start();
    const first = await ready(supervised);
    const again = ready(supervised);
    const hanging = supervised.request('hang', { payload: undefined });
    const results = Promise.allSettled([hanging, supervised.request('exit', { payload: 3 })]);
    const exited = next((listener) => supervised.on('exited', listener));
    expect(await exited).toMatchObject({ code: 3, expected: false });
    for (const result of await results) expect(result).toMatchObject({ reason: { code: 'PROCESS_EXITED' } });
    expect((await again).pid).not.toBe(first.pid);
    expect(supervised.restarts).toBe(1);
  });

  it('kills a child whose event loop hangs', async () => {
    const supervised = start({ limits: { pingIntervalMs: 100, pongTimeoutMs: 400 } });
    await ready(supervised);
    const exited = next((listener) => supervised.on('exited', listener));
    const spinning = supervised.request('spin', { payload: undefined });
    await expect(spinning).rejects.toMatchObject({ code: 'PROCESS_EXITED' });
    expect(await exited).toMatchObject({ signal: 'SIGKILL', expected: false });
  });

  it('does not start again what can never work', async () => {
    const supervised = start({ init: { permanent: true } });
    const unavailable = await next((listener) => supervised.on('unavailable', listener));
    expect(unavailable).toEqual({ reason: 'this will never work', retryAfterMs: undefined });
    const exited = await next((listener) => supervised.on('exited', listener));
    expect(exited).toMatchObject({ expected: true });
    expect(supervised.state).toBe('failed');
    expect(supervised.restarts).toBe(0);
  });
});
