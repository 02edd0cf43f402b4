import { describe, expect, test } from 'vitest';
import { DROP_INTERIMS_AT, GIVE_UP_AT, Outbox } from './Outbox.js';

function outboxWith(start: number) {
  const state = { waiting: start, sent: [] as string[], overflows: 0 };
  const outbox = new Outbox({
    waiting: () => state.waiting,
    send: ({ name }) => state.sent.push(name),
    onOverflow: () => {
      state.overflows += 1;
    },
  });
  const push = (name: string, droppable = false) => outbox.push({ name, payload: {}, droppable });
  return { state, push };
}

describe('Outbox', () => {
  test('sends everything to a client that keeps up', () => {
    const { state, push } = outboxWith(0);
    expect([push('segmentCommitted'), push('interimUpdated', true)]).toEqual([true, true]);
    expect(state.sent).toEqual(['segmentCommitted', 'interimUpdated']);
  });

  test('leaves interims out for a client that is behind, and sends them again when it has caught up', () => {
    const { state, push } = outboxWith(DROP_INTERIMS_AT);
    expect([push('interimUpdated', true), push('segmentCommitted')]).toEqual([false, true]);
    state.waiting = 0;
    expect(push('interimUpdated', true)).toBe(true);
  });

  test('gives a client up once that takes nothing in', () => {
    const { state, push } = outboxWith(GIVE_UP_AT);
    expect([push('segmentCommitted'), push('segmentCommitted')]).toEqual([false, false]);
    expect(state).toMatchObject({ sent: [], overflows: 1 });
  });
});
