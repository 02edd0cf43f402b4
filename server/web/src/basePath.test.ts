import { expect, test } from 'vitest';
import { basePathOf } from './basePath.js';

test('the page finds the path that it is served below', () => {
  expect(['/', '/archive', '/parley/', '/parley/archive'].map((pathname) => basePathOf({ pathname }))).toEqual([
    '/',
    '/',
    '/parley/',
    '/parley/',
  ]);
});
