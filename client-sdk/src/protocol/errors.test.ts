import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERROR_REGISTRY } from './errors.js';

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
