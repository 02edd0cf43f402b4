import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureDevelopmentCertificate } from '../../../../certs/generate.mjs';
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

  it('H13 goes on from https to no address without it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-get-'));
    const authorities = getCACertificates('default');
    try {
      const { caPath, certPath, keyPath } = await ensureDevelopmentCertificate({ dir: folder, addresses: [] });
      setDefaultCACertificates([...authorities, await readFile(caPath, 'utf8')]);
      let asked = 0;
      const open = createHttpServer((_request, response) => {
        asked += 1;
        response.end();
      });
      await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
      const elsewhere = `http://127.0.0.1:${(open.address() as AddressInfo).port}/`;
      server = createHttpsServer(
        { cert: await readFile(certPath), key: await readFile(keyPath) },
        (_request, response) => response.writeHead(302, { location: elsewhere }).end(),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await expect(get(url)).rejects.toThrow(/without https/);
      expect(asked).toBe(0);
      await new Promise((resolve) => open.close(resolve));
    } finally {
      setDefaultCACertificates(authorities);
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('stops when aborted', async () => {
    const url = await listen(() => {});
    const abort = new AbortController();
    const asked = get(url, abort.signal);
    abort.abort();
    await expect(asked).rejects.toThrow();
  });
});
