import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { RequestHandler } from 'express';

const compress = promisify(gzip);

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};
/** No folders and no dots in front: nothing outside of the assets can be named. */
const ASSET = /^\/assets\/[\w-][\w.-]*\.(?:js|css)$/;

/**
 * Scripts and styles of the built page with gzip, for who takes it; everything else is left to the next handler. The name of an
 * asset changes with its content, so each is compressed once and kept: there are as many as the build has made.
 */
export function compressedAssets(options: { folder: string }): RequestHandler {
  const kept = new Map<string, Promise<Buffer>>();
  const compressed = (path: string): Promise<Buffer> => {
    const standing = kept.get(path);
    if (standing !== undefined) return standing;
    const made = readFile(join(options.folder, path)).then((content) =>
      compress(content, { level: constants.Z_BEST_COMPRESSION }),
    );
    kept.set(path, made);
    // What is not there is not remembered: names that somebody makes up would fill the memory.
    made.catch(() => kept.delete(path));
    return made;
  };
  return async (request, response, next) => {
    const { method, path } = request;
    if ((method !== 'GET' && method !== 'HEAD') || !ASSET.test(path)) return next();
    response.vary('Accept-Encoding');
    if (request.acceptsEncodings('gzip') !== 'gzip') return next();
    const body = await compressed(path).catch(() => undefined);
    if (body === undefined) return next();
    response
      .set({
        'Content-Type': TYPES[extname(path)],
        'Content-Encoding': 'gzip',
        'Cache-Control': 'public, max-age=31536000, immutable',
      })
      .send(body);
  };
}
