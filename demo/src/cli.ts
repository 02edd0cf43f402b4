#!/usr/bin/env node
import pc from 'picocolors';
import { runDemo } from './runDemo.js';

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());

try {
  process.exitCode = await runDemo({
    args: process.argv.slice(2),
    io: { output: process.stdout, errors: process.stderr, colors: pc, env: process.env },
    signal: interrupted.signal,
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
// Everything is closed by now; a handle that a library forgot must not keep the terminal.
process.exit();
