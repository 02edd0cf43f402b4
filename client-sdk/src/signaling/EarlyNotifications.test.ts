import { expect, test } from 'vitest';
import { interim } from '../../test-support/segments.js';
import { EarlyNotifications } from './EarlyNotifications.js';
import type { SignalingNotification } from './SignalingChannel.js';

const left = (participantId: string): SignalingNotification => ({
  name: 'participantLeft',
  payload: { participantId, reason: 'left' },
});
const said: SignalingNotification = { name: 'interimUpdated', payload: { segment: interim('s1') } };

test('keeps what comes between hold and release, in its order', () => {
  const early = new EarlyNotifications();
  expect(early.keep(left('before'))).toBe(false);
  early.hold();
  expect([early.keep(left('ada')), early.keep(left('ben'))]).toEqual([true, true]);
  expect(early.release()).toEqual([left('ada'), left('ben')]);
  expect([early.keep(left('after')), early.release()]).toEqual([false, []]);
});

test('forgets what was kept for a join that came to nothing', () => {
  const early = new EarlyNotifications();
  early.hold();
  early.keep(left('ada'));
  early.hold();
  expect(early.release()).toEqual([]);
});

test('drops interims when there are too many, and nothing else', () => {
  const early = new EarlyNotifications();
  early.hold();
  for (let index = 0; index < 1_500; index += 1) expect(early.keep(said)).toBe(true);
  early.keep(left('ada'));
  const released = early.release();
  expect([released.length, released.at(-1)]).toEqual([1_001, left('ada')]);
});
