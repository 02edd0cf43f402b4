import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { joinHeadless } from '@parley/client-sdk/headless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestServer } from '../support/TestServer.js';

const PREFIX = '/parley';

let proxy: Server;
let proxyUrl: string;
let server: TestServer;
beforeAll(async () => {
  proxy = createServer();
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  server = await TestServer.start({ tls: { enabled: false }, origins: [proxyUrl], joinSecret: 'below-a-path' });
  forward();
}, 60_000);
afterAll(async () => {
  proxy?.closeAllConnections();
  await new Promise((resolve) => proxy?.close(resolve));
  await server?.close();
});

/** As a reverse proxy does it that serves the server below a path: the prefix is taken off, all else is passed on. */
function forward(): void {
  const optionsOf = ({ url = '', method = 'GET', headers }: IncomingMessage) => {
    const { hostname, port } = new URL(server.url);
    return { hostname, port, path: url.slice(PREFIX.length), method, headers };
  };
  proxy.on('request', (asked, answer) => {
    if (asked.url?.startsWith(`${PREFIX}/`) !== true) {
      answer.writeHead(404).end();
      return;
    }
    asked.pipe(
      request(optionsOf(asked), (from) => {
        answer.writeHead(from.statusCode ?? 502, from.headers);
        from.pipe(answer);
      }),
    );
  });
  proxy.on('upgrade', (asked, socket) => {
    if (asked.url?.startsWith(`${PREFIX}/`) !== true) {
      socket.destroy();
      return;
    }
    const upstream = request(optionsOf(asked)).end();
    upstream.on('error', () => socket.destroy());
    upstream.on('upgrade', (from, behind, head) => {
      const headers = Object.entries(from.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
      socket.write(head);
      behind.pipe(socket).pipe(behind);
      for (const each of [behind, socket]) each.on('error', () => {});
    });
  });
}

test('a server below a path of a proxy takes clients that know the path', async () => {
  const client = await joinHeadless({
    url: proxyUrl,
    path: PREFIX,
    room: 'daily',
    name: 'Ada',
    joinSecret: 'below-a-path',
  });
  expect(client.state).toBe('joined');
  client.close();
});

test('the page below a path loads what it needs from there', async () => {
  const page = await fetch(`${proxyUrl}${PREFIX}/`);
  const html = await page.text();
  const files = [...html.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect((await fetch(new URL(file, page.url))).status, file).toBe(200);
  expect((await fetch(new URL('api/identity', page.url))).status).toBe(200);
});
