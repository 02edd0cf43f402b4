import { ParleyError } from '@parley/client-sdk/protocol';
import { expect, test } from 'vitest';
import { RoomAccess } from './RoomAccess.js';

const MOST = 10_000;

function codeOf(access: RoomAccess, participantId: string): string {
  try {
    access.assertMayEnter({ participantId, grants: new Set(['join']) });
    return 'ok';
  } catch (error) {
    return error instanceof ParleyError ? error.code : String(error);
  }
}

test('to be looked at is not to belong: who only asked stays outside when the room is locked', () => {
  const access = new RoomAccess();
  expect(codeOf(access, 'eve')).toBe('ok');
  access.setLocked(true);
  expect(codeOf(access, 'eve')).toBe('ROOM_LOCKED');
  access.setLocked(false);
  access.enter('eve');
  access.setLocked(true);
  expect(codeOf(access, 'eve')).toBe('ok');
});

test('remembers as many as it can, those who came last', () => {
  const access = new RoomAccess();
  for (let index = 0; index <= MOST; index += 1) {
    access.enter(`in${index}`);
    access.remove({ participantId: `out${index}` });
  }
  access.setLocked(true);
  expect([codeOf(access, 'in0'), codeOf(access, `in${MOST}`)]).toEqual(['ROOM_LOCKED', 'ok']);
  expect([codeOf(access, 'out0'), codeOf(access, `out${MOST}`)]).toEqual(['ROOM_LOCKED', 'REMOVED']);
});
