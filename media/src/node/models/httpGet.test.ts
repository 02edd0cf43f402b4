import { createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { httpGet } from './httpGet.js';

const MEGABYTE = 2 ** 20;

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Answers each connection's request in its own way. */
async function listen(...answers: ((socket: Socket) => void)[]): Promise<string> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answers.shift()?.(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

const get = (url: string, signal = new AbortController().signal) => httpGet(url, { headers: {}, signal });

describe('httpGet', () => {
  it('survives that the other side closes in the middle while nobody reads yet', async () => {
    let closed: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const url = await listen((socket) => {
      socket.on('close', () => closed());
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${82 * MEGABYTE}\r\n\r\n`);
      socket.end(Buffer.alloc(MEGABYTE / 16));
    });
    const response = await get(url);
    await ended;
    await expect(buffer(response)).rejects.toThrow('aborted');
  });

  it('follows redirects, five at most', async () => {
    const to = (socket: Socket) =>
      socket.end('HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n');
    const here = (socket: Socket) =>
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello');
    const url = await listen(to, to, here, ...Array.from({ length: 7 }, () => to));
    expect((await buffer(await get(url))).toString()).toBe('hello');
    await expect(get(url)).rejects.toThrow(/redirects/i);
  });

  it('gives up when it is told to', async () => {
    const url = await listen(() => {});
    const abort = new AbortController();
    const asked = get(url, abort.signal);
    abort.abort();
    await expect(asked).rejects.toThrow();
  });
});
