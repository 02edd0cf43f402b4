import { expect, test } from 'vitest';
import { basePathOf, pageUrlOf } from './basePath.js';

test('the page finds the path that it is served below', () => {
  expect(['/', '/archive', '/parley/', '/parley/archive'].map((pathname) => basePathOf({ pathname }))).toEqual([
    '/',
    '/',
    '/parley/',
    '/parley/',
  ]);
});

test('an invitation leads to the start page, also below a path', () => {
  expect(pageUrlOf({ origin: 'https://meet.example:8443', pathname: '/parley/archive' })).toBe(
    'https://meet.example:8443/parley/',
  );
});
