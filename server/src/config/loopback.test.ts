import { expect, test } from 'vitest';
import { isLoopback } from './loopback.js';

test('loopback is what only this machine can mean', () => {
  expect(['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'].every(isLoopback)).toBe(true);
  expect(['127.evil.example', '127.0.0.1.example', '10.0.0.1', '::', '0.0.0.0'].some(isLoopback)).toBe(false);
});
