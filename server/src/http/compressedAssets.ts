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
/** No folders and no leading dots, so that nothing outside the assets can be named. */
const ASSET = /^\/assets\/[\w-][\w.-]*\.(?:js|css)$/;

/**
 * Serves scripts and styles of the built page with gzip to clients that accept it; everything else goes to the next handler. Asset names
 * change with their content, so each is compressed once and cached: there are only as many as the build made.
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
    // Missing files are not cached: made-up names would fill the memory.
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
