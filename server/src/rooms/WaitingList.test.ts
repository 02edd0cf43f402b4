import { LIMITS } from '@parley/client-sdk/protocol';
import { beforeEach, expect, test } from 'vitest';
import { codeOf } from './testing/RoomRig.js';
import { REFUSED_FOR_MS, type Waiter, WaitingList } from './WaitingList.js';

let nowMs: number;
let list: WaitingList<Waiter>;
/** What the waiters were told, in order. */
let told: string[];
beforeEach(() => {
  nowMs = 0;
  told = [];
  list = new WaitingList({ now: () => nowMs });
});

function waiter(participantId: string, { address = participantId, connectionId = participantId } = {}): Waiter {
  return {
    participantId,
    connectionId,
    address,
    onAdmitted: () => void told.push(`${participantId} admitted`),
    onDismissed: ({ code }) => void told.push(`${participantId} ${code}`),
  };
}

const ids = () => list.all.map(({ participantId }) => participantId);

test('those who wait are in the order in which they came', () => {
  for (const id of ['ada', 'ben', 'cy']) list.add(waiter(id));
  list.take('ada');
  list.add(waiter('ada'));
  expect(ids()).toEqual(['ben', 'cy', 'ada']);
});

test('a second connection takes over the place of the first, which is told', () => {
  list.add(waiter('ada'));
  list.add(waiter('ben'));
  list.add(waiter('ada', { connectionId: 'another window' }));
  expect([ids(), told]).toEqual([['ada', 'ben'], ['ada DUPLICATE_PARTICIPANT']]);
  expect(list.leave('ada')).toBe(false);
  expect(list.leave('another window')).toBe(true);
  expect(ids()).toEqual(['ben']);
});

test('H12 a full list cannot be filled by one address against others: it gives up its newest', () => {
  for (let index = 0; index < LIMITS.waiting; index += 1) list.add(waiter(`eve${index}`, { address: 'one' }));
  expect(codeOf(() => list.add(waiter('eve', { address: 'one' })))).toBe('WAITING_ROOM_FULL');
  list.add(waiter('ada'));
  expect(told).toEqual([`eve${LIMITS.waiting - 1} WAITING_ROOM_FULL`]);
  expect([list.size, ids().at(0), ids().at(-1)]).toEqual([LIMITS.waiting, 'eve0', 'ada']);
});

test('a list that is full of people from everywhere takes nobody else', () => {
  for (let index = 0; index < LIMITS.waiting; index += 1) list.add(waiter(`person${index}`));
  expect(codeOf(() => list.add(waiter('ada')))).toBe('WAITING_ROOM_FULL');
  expect(told).toEqual([]);
});

test('who is refused may ask again, after a while', () => {
  list.add(waiter('ada'));
  list.refuse('ada');
  expect(told).toEqual(['ada ADMISSION_REFUSED']);
  nowMs += REFUSED_FOR_MS - 1;
  expect(codeOf(() => list.add(waiter('ada')))).toBe('ADMISSION_REFUSED');
  nowMs += 1;
  expect(codeOf(() => list.add(waiter('ada')))).toBeUndefined();
  expect(codeOf(() => list.refuse('nobody'))).toBe('PARTICIPANT_NOT_FOUND');
});
