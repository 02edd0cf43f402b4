import { open, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { asDiskError } from './asDiskError.js';
import { sizeOf, writeFully } from './files.js';
import type { HttpGet } from './httpGet.js';
import { ModelError } from './ModelError.js';
import { shownUrl } from './shownUrl.js';

export interface DownloadProgress {
  /** Bytes in the part file so far, including those of earlier tries. */
  receivedBytes: number;
  /** Absent if the server does not say. */
  totalBytes: number | undefined;
}

export interface DownloadOptions {
  url: string;
  /** What has arrived is kept here if the connection breaks, and the next call continues from there. */
  partPath: string;
  get: HttpGet;
  /** For the server's first answer. */
  answerTimeoutMs: number;
  /** The connection is closed after this long without a byte. */
  stallTimeoutMs: number;
  /** Most connections for one file. */
  attempts: number;
  onProgress?: (progress: DownloadProgress) => void;
  /** Aborts; rejects with the reason. */
  signal?: AbortSignal;
}

/** The server cannot be reached, or does not answer in time; unlike an error from the server. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/**
 * Fetches a file into `partPath`. After a broken connection it continues with `Range` and the `ETag` of the first answer; a server without
 * ranges sends the whole file again.
 * @throws ModelError `MODEL_DOWNLOAD_FAILED`, its cause an `UnreachableError` if no try got an answer
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  let lastError: unknown;
  let answered = false;
  for (let attempt = 0; attempt < options.attempts; attempt++) {
    try {
      await fetchOnce(options);
      await rm(tagPath(options), { force: true });
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof ModelError) throw error;
      lastError = error;
      if (error instanceof UnreachableError && !answered) break;
      answered = true;
    }
  }
  throw new ModelError('MODEL_DOWNLOAD_FAILED', failureSentence(options.url, lastError), { cause: lastError });
}

async function fetchOnce(options: DownloadOptions): Promise<void> {
  const controller = new AbortController();
  const { signal } = options;
  signal?.throwIfAborted();
  const giveUp = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await fetchWith(controller, options);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

async function fetchWith(controller: AbortController, options: DownloadOptions): Promise<void> {
  const haveBytes = (await sizeOf(options.partPath)) ?? 0;
  const tag = haveBytes > 0 ? await readTag(options) : '';
  const resume = haveBytes > 0 && tag !== undefined;
  const response = await answer(options, {
    controller,
    headers: resume ? { Range: `bytes=${haveBytes}-`, ...(tag === '' ? {} : { 'If-Range': tag }) } : {},
  });
  const status = response.statusCode ?? 0;
  if (status === 416) {
    // The part is as long as the file, or longer. If the checksum does not match, the next try starts over.
    response.destroy();
    if (response.headers['content-range'] === `bytes */${haveBytes}`) return;
    await rm(options.partPath, { force: true });
    throw new Error('the part that was here did not fit the file');
  }
  if (status < 200 || status > 299) {
    response.destroy();
    throw new ModelError('MODEL_DOWNLOAD_FAILED', statusSentence(options.url, status));
  }
  const append = status === 206 && startsAt(response, haveBytes);
  if (status === 206 && !append) {
    response.destroy();
    await rm(options.partPath, { force: true });
    throw new Error('the server sent another range than was asked for');
  }
  const offset = append ? haveBytes : 0;
  if (!append) {
    await writeFile(tagPath(options), response.headers.etag ?? '').catch((error: unknown) => {
      response.destroy();
      throw asDiskError(error, options.partPath);
    });
  }
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const totalBytes = Number.isFinite(length) ? offset + length : undefined;
  const received = await receive(options, { response, controller, append, offset, totalBytes });
  if (totalBytes !== undefined && received < totalBytes) throw new Error(`the connection ended at ${received} bytes`);
}

async function answer(
  options: DownloadOptions,
  request: { controller: AbortController; headers: Record<string, string> },
): Promise<IncomingMessage> {
  const { controller, headers } = request;
  const timer = setTimeout(
    () => controller.abort(new UnreachableError(`no answer within ${options.answerTimeoutMs} ms`)),
    options.answerTimeoutMs,
  );
  try {
    // A compressed body would not have the length of the file.
    return await options.get(options.url, {
      headers: { 'Accept-Encoding': 'identity', ...headers },
      signal: controller.signal,
    });
  } catch (error) {
    const reason: unknown = controller.signal.reason;
    if (reason instanceof UnreachableError) throw reason;
    throw new UnreachableError(causeOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function receive(
  options: DownloadOptions,
  from: {
    response: IncomingMessage;
    controller: AbortController;
    append: boolean;
    offset: number;
    totalBytes: number | undefined;
  },
): Promise<number> {
  let received = from.offset;
  const file = await open(options.partPath, from.append ? 'a' : 'w').catch((error: unknown) => {
    throw asDiskError(error, options.partPath);
  });
  let stall: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(stall);
    stall = setTimeout(
      () => from.controller.abort(new Error(`no byte for ${options.stallTimeoutMs} ms`)),
      options.stallTimeoutMs,
    );
  };
  try {
    watch();
    for await (const chunk of from.response as AsyncIterable<Buffer>) {
      await writeFully(file, chunk).catch((error: unknown) => {
        throw asDiskError(error, options.partPath);
      });
      received += chunk.byteLength;
      options.onProgress?.({ receivedBytes: received, totalBytes: from.totalBytes });
      watch();
    }
    return received;
  } catch (error) {
    // Node's own error only says that it was aborted.
    throw from.controller.signal.aborted ? from.controller.signal.reason : error;
  } finally {
    clearTimeout(stall);
    from.controller.abort();
    await file.close();
  }
}

function tagPath(options: DownloadOptions): string {
  return `${options.partPath}.etag`;
}

/** @returns undefined if the part is of unknown origin: it must not be continued */
async function readTag(options: DownloadOptions): Promise<string | undefined> {
  try {
    const tag = await readFile(tagPath(options), 'utf8');
    // A weak tag does not promise the same bytes, and `If-Range` takes none (RFC 9110, 13.1.5).
    return tag.startsWith('W/') ? undefined : tag;
  } catch {
    return undefined;
  }
}

function startsAt(response: IncomingMessage, offset: number): boolean {
  return response.headers['content-range']?.startsWith(`bytes ${offset}-`) === true;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function statusSentence(url: string, status: number): string {
  const advice =
    status === 404
      ? 'Check the name of the model and the download address.'
      : 'Try again later, or use another address.';
  return `${shownUrl(url)} answered with status ${status}. ${advice}`;
}

function failureSentence(url: string, error: unknown): string {
  return `${shownUrl(url)} could not be downloaded: ${causeOf(error)}. Check the network, or set PARLEY_MODEL_BASE_URL to a mirror.`;
}
