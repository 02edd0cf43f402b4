/**
 * Serves this folder on http://localhost:5173, and forwards the sockets to a Parley server, so that one command is enough. For development:
 * it accepts any certificate, and presents itself as the server's own page. Elsewhere, add your page's origin to the server's setting
 * `origins`, and serve these files with any web server.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';

const target = new URL(process.env.PARLEY_URL ?? 'https://localhost:8443');
const port = Number(process.env.PORT ?? 5173);
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const FILES = {
  '/': { path: file('index.html'), type: 'text/html; charset=utf-8' },
  '/main.js': { path: file('main.js'), type: 'text/javascript' },
  '/parley.js': { path: file('../../dist/bundle/parley.js'), type: 'text/javascript' },
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const known = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined;
  if (known === undefined) {
    response.writeHead(404).end('Not found.\n');
    return;
  }
  try {
    const content = await readFile(known.path);
    response.writeHead(200, { 'content-type': known.type }).end(content);
  } catch {
    response.writeHead(503).end('The SDK is not built. Run npm run build.\n');
  }
});

server.on('upgrade', ({ method, url, rawHeaders }, near, head) => {
  const far =
    target.protocol === 'https:'
      ? connectTls({ host: target.hostname, port: target.port || 443, rejectUnauthorized: false })
      : connectPlain({ host: target.hostname, port: target.port || 80 });
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    const own = { host: target.host, origin: target.origin }[name.toLowerCase()];
    lines.push(`${name}: ${own ?? rawHeaders[index + 1]}`);
  }
  far.write(`${lines.join('\r\n')}\r\n\r\n`);
  far.write(head);
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
});

server.listen(port, 'localhost', () => {
  console.log(`Open http://localhost:${server.address().port} (captions come from ${target.origin})`);
});
