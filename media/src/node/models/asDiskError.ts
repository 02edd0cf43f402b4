import { ModelError } from './ModelError.js';

/**
 * The system's error about a file that cannot be written, as a sentence; other errors unchanged.
 * @param path of the file, or folder, that was to be written
 */
export function asDiskError(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const sentence = full
    ? `The disk is full while writing ${path}. Free some room, or choose a smaller model or another cache directory; what was fetched so far is kept.`
    : `${path} cannot be written: ${error.message}. Choose another cache directory, or mend its rights.`;
  return new ModelError('MODEL_DISK_FAILED', sentence, { cause: error });
}

/** Whether it came from the file system and not from the content: a damaged archive has a code, too. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
