import { expect, test } from 'vitest';
import { refuseRoot } from './refuseRoot.js';

test('H14 root is refused with a sentence, unless the settings allow it; other accounts are not asked', () => {
  expect(() => refuseRoot({ allowRoot: false }, 0)).toThrow(expect.objectContaining({ code: 'RUNNING_AS_ROOT' }));
  expect(() => refuseRoot({ allowRoot: false }, 0)).toThrow(/--allow-root/);
  expect(() => refuseRoot({ allowRoot: true }, 0)).not.toThrow();
  expect(() => refuseRoot({ allowRoot: false }, 1_000)).not.toThrow();
});
