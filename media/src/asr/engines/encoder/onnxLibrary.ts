import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { forbidTelemetry } from '../../../process/noTelemetry.js';

const FILES: Partial<Record<NodeJS.Platform, RegExp>> = {
  linux: /^libonnxruntime\.so(\.\d+)?$/,
  darwin: /^libonnxruntime\.\d+\.dylib$/,
};

/**
 * ONNX Runtime's shared library, from `onnxruntime-node`.
 * @throws Error if there is none for this machine
 */
export function onnxLibraryPath(): string {
  forbidTelemetry();
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const binaries = join(dirname(main), '..', 'bin');
  const pattern = FILES[process.platform];
  for (const version of pattern === undefined ? [] : readdirSync(binaries)) {
    const folder = join(binaries, version, process.platform, process.arch);
    const name = existsSync(folder) ? readdirSync(folder).find((file) => pattern?.test(file)) : undefined;
    if (name !== undefined) return join(folder, name);
  }
  throw new Error(`onnxruntime-node brings no library for ${process.platform} on ${process.arch}`);
}
