import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ManualTime } from '../testing/ManualTime.js';
import type { ToChildEnvelope, ToParentEnvelope } from './processMessages.js';
import { SupervisedProcess } from './SupervisedProcess.js';

interface Contract {
  init: { model: string };
  ready: { lanes: number };
  toChild: string;
  toParent: string;
  requests: { add: { request: number[]; response: number } };
}

class FakeChild extends EventEmitter {
  static nextPid = 100;
  readonly pid = FakeChild.nextPid++;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly sent: ToChildEnvelope[] = [];
  readonly signals: string[] = [];
  connected = true;
  answersPings = true;

  send(message: ToChildEnvelope): boolean {
    this.sent.push(message);
    if (message.type === 'ping' && this.answersPings) this.says({ type: 'pong', id: message.id });
    return true;
  }

  kill(signal: NodeJS.Signals): boolean {
    this.signals.push(signal);
    this.exits(null, signal);
    return true;
  }

  says(message: ToParentEnvelope): void {
    this.emit('message', message);
  }

  exits(code: number | null, signal: NodeJS.Signals | null = null): void {
    if (!this.connected) return;
    this.connected = false;
    this.emit('exit', code, signal);
  }
}

function supervise(options: { limits?: object } = {}) {
  const time = new ManualTime();
  const children: FakeChild[] = [];
  const log: string[] = [];
  const events: unknown[] = [];
  const supervised = SupervisedProcess.create<Contract>({
    name: 'child',
    entry: 'unused',
    init: { model: 'x' },
    logger: (line) => log.push(`${line.source}: ${line.text}`),
    time,
    random: () => 0,
    fork: () => {
      const child = new FakeChild();
      children.push(child);
      return child as unknown as ChildProcess;
    },
    ...options,
  });
  supervised.on('ready', (value) => events.push(['ready', value]));
  supervised.on('message', (value) => events.push(['message', value]));
  supervised.on('exited', ({ code, signal, expected }) => events.push(['exited', code, signal, expected]));
  supervised.on('unavailable', (value) => events.push(['unavailable', value]));
  const child = () => {
    const last = children.at(-1);
    if (last === undefined) throw new Error('no child');
    return last;
  };
  return { time, children, child, log, events, supervised };
}

const ready: ToParentEnvelope = { type: 'ready', payload: { lanes: 2 } };

describe('SupervisedProcess', () => {
  it('sends the init message first and reports the child ready', () => {
    const { supervised, child, events } = supervise();
    expect(child().sent[0]).toEqual({ type: 'init', payload: { model: 'x' } });
    expect(supervised.state).toBe('starting');
    child().says(ready);
    expect(events).toEqual([['ready', { lanes: 2 }]]);
    expect(supervised.state).toBe('ready');
  });

  it('kills a child that is not ready within the init time and starts another', () => {
    const { time, child, children, events } = supervise();
    time.advance(59_999);
    expect(child().signals).toEqual([]);
    time.advance(1);
    expect(children[0]?.signals).toEqual(['SIGKILL']);
    expect(events).toEqual([['exited', null, 'SIGKILL', false]]);
    time.advance(0);
    expect(children).toHaveLength(2);
  });

  it('kills a ready child that answers no ping for 5 s, and no earlier', () => {
    const { time, child, children, log } = supervise();
    child().says(ready);
    time.advance(10_000);
    child().answersPings = false;
    time.advance(5_000);
    expect(child().signals).toEqual([]);
    time.advance(1_000);
    expect(children[0]?.signals).toEqual(['SIGKILL']);
    expect(log).toContain('supervisor: killed: answered no ping for 5000 ms');
  });

  it('settles every request in the tick in which the child exits', async () => {
    const { child, supervised } = supervise();
    child().says(ready);
    const requests = [1, 2, 3].map((n) => supervised.request('add', { payload: [n] }));
    const settled = Promise.allSettled(requests);
    child().exits(null, 'SIGKILL');
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'PROCESS_EXITED' } });
    }
  });

  it('pairs answers with their requests and drops one that nobody waits for', async () => {
    const { child, supervised } = supervise();
    child().says(ready);
    const first = supervised.request('add', { payload: [1, 2] });
    const second = supervised.request('add', { payload: [3, 4] });
    child().says({ type: 'response', id: 99, ok: true, payload: 0 });
    child().says({ type: 'response', id: 2, ok: true, payload: 7 });
    child().says({ type: 'response', id: 1, ok: false, error: { message: 'no', code: 'NO' } });
    await expect(second).resolves.toBe(7);
    await expect(first).rejects.toMatchObject({ code: 'REQUEST_FAILED', remoteCode: 'NO', message: 'no' });
  });

  it('rejects a request that is not answered in time and ignores the late answer', async () => {
    const { child, supervised, time } = supervise();
    child().says(ready);
    const request = supervised.request('add', { payload: [1], timeoutMs: 500 });
    const rejected = expect(request).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    time.advance(500);
    child().says({ type: 'response', id: 1, ok: true, payload: 1 });
    await rejected;
  });

  it('refuses requests and messages while nothing is ready', async () => {
    const { supervised } = supervise();
    expect(supervised.send('x')).toBe(false);
    await expect(supervised.request('add', { payload: [] })).rejects.toMatchObject({ code: 'PROCESS_NOT_READY' });
  });

  it('stops when the child says that another start would fail the same way', () => {
    const { child, children, supervised, events, time } = supervise();
    child().says({ type: 'initFailed', reason: 'the model is unreadable', retryable: false });
    expect(events).toEqual([['unavailable', { reason: 'the model is unreadable', retryAfterMs: undefined }]]);
    child().exits(0);
    time.advance(600_000);
    expect(children).toHaveLength(1);
    expect(supervised.state).toBe('failed');
  });

  it('tries again after an init failure that may pass, and gives up for 30 s after five with the reason', () => {
    const { children, child, events, time } = supervise();
    for (let i = 0; i < 5; i++) {
      child().says({ type: 'initFailed', reason: 'the device is busy', retryable: true });
      time.advance(3_000);
    }
    expect(children).toHaveLength(5);
    expect(events.at(-1)).toEqual([
      'unavailable',
      { reason: 'child died too often; last: the device is busy', retryAfterMs: 30_000 },
    ]);
    time.advance(30_000);
    expect(children).toHaveLength(6);
    child().says(ready);
    expect(events.at(-1)).toEqual(['ready', { lanes: 2 }]);
  });

  it('asks the child to end and kills it after 5 s', async () => {
    const { child, children, supervised, events, time } = supervise();
    child().says(ready);
    const closed = supervised.close();
    expect(supervised.close()).toBe(closed);
    expect(child().sent.at(-1)).toEqual({ type: 'close' });
    time.advance(4_999);
    expect(child().signals).toEqual([]);
    time.advance(1);
    await closed;
    expect(events.at(-1)).toEqual(['exited', null, 'SIGKILL', true]);
    time.advance(600_000);
    expect(children).toHaveLength(1);
    expect(time.pendingTimers).toBe(0);
  });

  it('leaves no child behind when it is closed while it waits for a restart', async () => {
    const { child, children, supervised, time } = supervise();
    child().says(ready);
    child().exits(1);
    await supervised.close();
    time.advance(600_000);
    expect(children).toHaveLength(1);
    await expect(supervised.request('add', { payload: [] })).rejects.toMatchObject({ code: 'PROCESS_CLOSED' });
  });

  it('kills a child that dropped its channel', () => {
    const { child, children } = supervise();
    child().says(ready);
    child().emit('disconnect');
    expect(children[0]?.signals).toEqual(['SIGKILL']);
  });

  it('passes on what the child writes by lines of bounded length', async () => {
    const { child, log } = supervise();
    child().stderr.write('one\ntw');
    child().stderr.write('o\n');
    child().stdout.end(`${'x'.repeat(5_000)}\nlast`);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['stderr: one', 'stderr: two', `stdout: ${'x'.repeat(4_096)}…`, 'stdout: last']);
  });
});
