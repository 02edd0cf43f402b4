import { X509Certificate } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureDevelopmentCertificate } from '../../../certs/generate.mjs';
import { HttpListener } from './HttpListener.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

let listener: HttpListener;
beforeEach(() => {
  listener = new HttpListener({ sockets: 10 });
});
afterEach(() => {
  vi.useRealTimers();
  return listener.close();
});

const opened = (port: number) =>
  new Promise<Socket>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
  });
const ended = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.on('error', () => {}).once('close', () => resolve());
  });

test('has no port before it listens, and an address for every kind of name afterwards', async () => {
  expect(() => listener.port).toThrow(/not known/);
  await listener.listen(LOOPBACK);
  expect(listener.urlOf('127.0.0.1')).toBe(`http://127.0.0.1:${listener.port}`);
  expect(listener.urlOf('::1')).toBe(`http://[::1]:${listener.port}`);
});

test('a port in use is a sentence', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  await expect(listener.listen({ ...LOOPBACK, port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  holder.close();
});

test('a certificate that is none is a sentence that names its file', () => {
  const make = () =>
    new HttpListener({ sockets: 1, tls: { certPath: '/nowhere/cert.pem', keyPath: '/nowhere/key.pem' } });
  expect(make).toThrow(expect.objectContaining({ code: 'CERTIFICATE_UNUSABLE' }));
  expect(make).toThrow(/\/nowhere\/cert\.pem/);
});

test('H15 a renewed certificate is for new connections, and those that are open go on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-listener-'));
  try {
    const certificateIn = (name: string) => ensureDevelopmentCertificate({ dir: join(folder, name), addresses: [] });
    const [before, after] = [await certificateIn('before'), await certificateIn('after')];
    const fingerprintIn = async (file: string) => new X509Certificate(await readFile(file)).fingerprint256;
    const secure = new HttpListener({ sockets: 10, tls: before });
    // Stands for a meeting: what comes is sent back.
    secure.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.pipe(socket);
    });
    await secure.listen(LOOPBACK);
    const openTls = () =>
      new Promise<TLSSocket>((resolve, reject) => {
        const socket = connectTls({ port: secure.port, host: '127.0.0.1', rejectUnauthorized: false });
        socket.once('secureConnect', () => resolve(socket)).once('error', reject);
      });
    const answerOf = (socket: Socket, text: string) =>
      new Promise<string>((resolve) => {
        socket.once('data', (data) => resolve(String(data)));
        socket.write(text);
      });
    const meeting = await openTls();
    await answerOf(meeting, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');

    // A key of another certificate, half-way through a renewal: what works stays.
    await copyFile(after.keyPath, before.keyPath);
    expect(() => secure.reloadCertificate()).toThrow(expect.objectContaining({ code: 'CERTIFICATE_UNUSABLE' }));
    const halfway = await openTls();
    expect(halfway.getPeerCertificate().fingerprint256).toBe(await fingerprintIn(before.certPath));

    await copyFile(after.certPath, before.certPath);
    secure.reloadCertificate();
    const renewed = await openTls();
    expect(renewed.getPeerCertificate().fingerprint256).toBe(await fingerprintIn(after.certPath));
    expect(await answerOf(meeting, 'still here')).toBe('still here');
    for (const socket of [meeting, halfway, renewed]) socket.destroy();
    await secure.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('its end cuts off a request in the middle, and holds nothing up that never listened', async () => {
  await new HttpListener({ sockets: 1 }).close();
  listener.server.on('request', () => {});
  await listener.listen(LOOPBACK);
  const asked = request({ port: listener.port, host: '127.0.0.1' });
  const failed = new Promise((resolve) => asked.once('error', resolve));
  await new Promise((resolve) => {
    listener.server.once('request', resolve);
    asked.end();
  });
  await listener.close();
  expect(await failed).toMatchObject({ code: 'ECONNRESET' });
});

test('a WebSocket whose client answers nothing is given a second, and no more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  // Whoever takes a socket over ends it; this one waits for a client that never answers.
  listener.server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  await listener.listen(LOOPBACK);
  const socket = await opened(listener.port);
  const isEnded = ended(socket);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  let closed = false;
  const closing = listener.close().then(() => {
    closed = true;
  });
  await vi.advanceTimersByTimeAsync(900);
  expect(closed).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await closing;
  await isEnded;
});
