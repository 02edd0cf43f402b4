import { spawn } from 'node:child_process';

const MOST_OUTPUT = 4_000;

/** Runs a program to its end. @returns what it printed @throws Error with the end of what it said */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let said = '';
  const keep = (text: string) => {
    said = (said + text).slice(-MOST_OUTPUT);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    keep(text);
  });
  child.stderr.setEncoding('utf8').on('data', keep);
  await new Promise<void>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new Error(`${program} cannot be started: ${error.message}.`, { cause: error })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${signal ?? `code ${code}`}.\n${said.trim()}`));
    });
  });
  return printed;
}
