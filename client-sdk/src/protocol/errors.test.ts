import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  AuthenticationError,
  ConnectionError,
  ERROR_REGISTRY,
  type ErrorCode,
  errorOf,
  InputError,
  LimitError,
  MediaError,
  ParleyError,
  PermissionError,
  ServerError,
} from './errors.js';

test('docs/errors.md and the registry say the same', () => {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` \| ([a-z]+) \| (.*) \| (yes|no) \|$/gm)].map(
    ([, code, reason, message, retryable]) => ({
      code,
      reason,
      message,
      retryable: retryable === 'yes',
    }),
  );
  const registered = Object.entries(ERROR_REGISTRY).map(([code, { reason, message, retryable }]) => ({
    code,
    reason,
    message,
    retryable,
  }));
  expect(documented).toEqual(registered);
});

test('an error that is tried again by itself never asks a person to sign in first', () => {
  const asking = Object.values(ERROR_REGISTRY).filter(({ message }) => /sign in/i.test(message));
  expect(asking.length).toBeGreaterThan(0);
  expect(asking.filter(({ retryable }) => retryable)).toEqual([]);
});

test('every error is of the class of its reason, from here and from the wire, and a ParleyError', () => {
  const classes = {
    connection: ConnectionError,
    authentication: AuthenticationError,
    permission: PermissionError,
    limit: LimitError,
    media: MediaError,
    input: InputError,
    server: ServerError,
  };
  for (const code of Object.keys(ERROR_REGISTRY) as ErrorCode[]) {
    const error = errorOf(code, { retryAfterMs: 5 });
    const Class = classes[error.reason];
    expect([error instanceof Class, error instanceof ParleyError, error.name]).toEqual([true, true, Class.name]);
    expect(ParleyError.fromWire(error.toWire())).toBeInstanceOf(Class);
    expect(error.toWire()).toEqual({ code, message: error.message, retryable: error.retryable, retryAfterMs: 5 });
  }
});

test('an error keeps its cause, and another sentence where it was given one', () => {
  const cause = new Error('as browsers say it');
  const error = errorOf('MICROPHONE_BUSY', { cause, message: 'Close the other window.' });
  expect([error.cause, error.message, error.code, error.retryable]).toEqual([
    cause,
    'Close the other window.',
    'MICROPHONE_BUSY',
    true,
  ]);
});
