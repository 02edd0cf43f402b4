import { NO_TELEMETRY } from './noTelemetry.js';

/**
 * Variables that child processes need: where programs, libraries and temporary files are, language, time zone, and settings of Node, the
 * GPU and our own builds.
 */
const PASSED = [
  /^(PATH|HOME|USER|SHELL|TMPDIR|TZ|LANG|LC_\w+|XDG_\w+)$/,
  /^(LD_LIBRARY_PATH|MALLOC_\w+|NODE_(ENV|OPTIONS|V8_COVERAGE)|UV_THREADPOOL_SIZE|NO_COLOR|FORCE_COLOR)$/,
  /^(CUDA|NVIDIA|GGML|OMP)_\w+$/,
  /^PARLEY_(CACHE|NATIVE_DIR)$/,
];

/**
 * The environment of a child process, without anything else from this process: variables may contain secret settings, and a child that
 * handles packets and files from strangers has no use for them.
 */
export function childEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const passed = Object.entries(environment).filter(([name]) => PASSED.some((names) => names.test(name)));
  return { ...Object.fromEntries(passed), ...NO_TELEMETRY };
}
