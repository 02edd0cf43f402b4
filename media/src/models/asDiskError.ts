import { ModelError } from './ModelError.js';

/**
 * What the system says of a file that cannot be written, as a sentence; everything else as it is.
 * @param path of the file that was to be written
 */
export function asDiskError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof ModelError || typeof code !== 'string') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ModelError(
      'MODEL_DOWNLOAD_FAILED',
      `The disk is full while writing ${path}. Free some room, or choose a smaller model or another cache directory; ` +
        'what was fetched so far is kept.',
      { cause: error },
    );
  }
  const why = error instanceof Error ? error.message : code;
  return new ModelError('MODEL_DOWNLOAD_FAILED', `${path} cannot be written: ${why}.`, { cause: error });
}
