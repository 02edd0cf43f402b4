import { describe, expect, test } from 'vitest';
import { placeOf } from './placeBeside.js';

const window = { width: 400, height: 700 };
const panel = { width: 200, height: 100 };

describe('a panel beside its button', () => {
  test('hangs below it, centred', () => {
    const anchor = { left: 180, top: 50, width: 40, height: 40 };
    expect(placeOf({ anchor, panel, window })).toEqual({ left: 100, top: 98 });
  });

  test('stands above a button at the foot of the window', () => {
    const anchor = { left: 180, top: 650, width: 40, height: 40 };
    expect(placeOf({ anchor, panel, window }).top).toBe(542);
  });

  test('stays within the window, on either side', () => {
    expect(placeOf({ anchor: { left: 0, top: 50, width: 40, height: 40 }, panel, window }).left).toBe(12);
    expect(placeOf({ anchor: { left: 360, top: 50, width: 40, height: 40 }, panel, window }).left).toBe(188);
    const tall = { width: 200, height: 690 };
    expect(placeOf({ anchor: { left: 0, top: 300, width: 40, height: 40 }, panel: tall, window }).top).toBe(12);
  });
});
