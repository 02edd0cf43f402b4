import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { explainFailure } from './failedConnection.js';
import { SignalingChannel } from './SignalingChannel.js';

let proxy: Server | undefined;
afterEach(async () => {
  proxy?.closeAllConnections();
  await new Promise((resolve) => (proxy === undefined ? resolve(undefined) : proxy.close(resolve)));
  proxy = undefined;
});

/** A server that answers everything in the same way, requests for WebSockets included. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  proxy = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const html = (status: number): RequestListener => {
  return (_request, response) => response.writeHead(status, { 'content-type': 'text/html' }).end('<html></html>');
};
/** Below `/parley`, as a proxy does it that knows nothing of WebSockets. */
const parley: RequestListener = ({ url }, response) => {
  if (url === '/parley/api/identity') response.end(JSON.stringify({ guests: true, joinSecretRequired: false }));
  else response.writeHead(400).end('{"code":3,"message":"Bad request"}');
};

test.each<[string, RequestListener, object]>([
  ['passes no WebSockets on', parley, { code: 'WEBSOCKET_BLOCKED', reason: 'connection' }],
  ['answers with a page of its own', html(200), { code: 'NOT_A_PARLEY_SERVER', retryable: false }],
  ['knows nothing at the path', html(404), { code: 'NOT_A_PARLEY_SERVER' }],
  ['says that the server is away', html(502), { code: 'CONNECTION_FAILED', retryable: true }],
  ['is at another path', (_request, response) => response.end('[]'), { code: 'NOT_A_PARLEY_SERVER' }],
])('a proxy that %s is named as the reason of a failed connection, after one attempt', async (_, listener, error) => {
  let attempts = 0;
  const url = await answering((request, response) => {
    if (request.url?.includes('socket.io') === true) attempts += 1;
    listener(request, response);
  });
  const channel = new SignalingChannel({
    url,
    path: 'parley/',
    credentials: { kind: 'guest', subject: 'a-random-subject', displayName: 'Ada' },
    retryDelayMs: { min: 1, max: 1 },
    onNotification: () => {},
    onDisconnected: () => {},
    onReconnected: () => {},
  });
  await expect(channel.connect()).rejects.toMatchObject(error);
  expect([attempts, channel.active]).toEqual([1, false]);
  channel.close();
});

test.each([
  ['Unexpected server response: 200', 'WEBSOCKET_BLOCKED'],
  ['Unexpected server response: 503', 'CONNECTION_FAILED'],
  ['Unexpected server response: 429', 'CONNECTION_FAILED'],
  ['connect ECONNREFUSED', 'CONNECTION_FAILED'],
])('where plain HTTP finds nobody, %j is %s', async (message, code) => {
  const url = await answering(({ socket }) => socket.destroy());
  const cause = Object.assign(new Error('websocket error'), { description: { message } });
  expect(await explainFailure({ url, path: '', cause })).toMatchObject({ code, cause });
});

test('a channel that is closed while the reason is looked for says that it was closed', async () => {
  let asked: () => void = () => {};
  const inProgress = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const url = await answering(({ url: path }, response) => {
    if (path?.includes('api') === true) asked();
    else response.writeHead(400).end();
  });
  const channel = new SignalingChannel({
    url,
    credentials: { kind: 'guest', subject: 'a-random-subject', displayName: 'Ada' },
    onNotification: () => {},
    onDisconnected: () => {},
    onReconnected: () => {},
  });
  const failed = expect(channel.connect()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await inProgress;
  channel.close();
  await failed;
});
