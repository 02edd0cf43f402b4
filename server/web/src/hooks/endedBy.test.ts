import { expect, test } from 'vitest';
import { endedBy } from './endedBy.js';

test('a connection that is back ends what was wrong with it, not a microphone that is gone', () => {
  expect(endedBy({ code: 'REQUEST_TIMEOUT' }, 'reconnected')).toBe(true);
  expect(endedBy({ code: 'MICROPHONE_NOT_FOUND' }, 'reconnected')).toBe(false);
});

test('a microphone that is back ends what was wrong with it, nothing else', () => {
  expect(endedBy({ code: 'MICROPHONE_BUSY' }, 'recovered')).toBe(true);
  expect(endedBy({ code: 'FORBIDDEN' }, 'recovered')).toBe(false);
});
