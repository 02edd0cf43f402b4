import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { modelOfServer } from './modelOfServer.js';

let server: Server | undefined;
afterEach(async () => {
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
});

/** @returns the address of a server that gives this answer to everything */
async function answering(answer: string): Promise<string> {
  server = createServer((request, response) => response.end(request.url === '/api/identity' ? answer : ''));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the model of a server that runs already', () => {
  it('is what the server says before anybody joins', async () => {
    const url = await answering(JSON.stringify({ guests: true, mode: 'fast', model: { name: 'base', demo: false } }));
    expect(await modelOfServer(url)).toEqual({ name: 'base', demo: false });
  });

  it.each([
    ['nothing', ''],
    ['another page', '<html></html>'],
    ['something else', '{"model":"base"}'],
    ['too much', JSON.stringify({ model: { name: 'base', demo: false }, more: ' '.repeat(70_000) })],
  ])('cannot be known from %s', async (_, answer) => {
    const url = await answering(answer);
    await expect(modelOfServer(url)).rejects.toThrow(`${url} does not answer like a Parley server.`);
  });
});
