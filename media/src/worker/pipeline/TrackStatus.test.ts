import { describe, expect, it } from 'vitest';
import { TrackStatus } from './TrackStatus.js';

function statusOf() {
  const told: string[] = [];
  let nowMs = 0;
  const status = new TrackStatus({
    now: () => nowMs,
    onEvent: (event) => told.push(event.type === 'trackStateChanged' ? event.state : `${event.activity.type} ${nowMs}`),
  });
  return {
    status,
    told,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('the status of a track', () => {
  it('is inactive at first, and that is nothing to report', () => {
    const { status, told } = statusOf();
    status.change('inactive');
    expect(status.state).toBe('inactive');
    expect(told).toEqual([]);
  });

  it('is reported once for each change', () => {
    const { status, told } = statusOf();
    for (const state of ['speaking', 'speaking', 'transcribing', 'inactive', 'inactive'] as const) status.change(state);
    expect(told).toEqual(['speaking', 'transcribing', 'inactive']);
  });

  it('says when listening begins and ends, whatever comes before and after it', () => {
    const { status, told, pass } = statusOf();
    status.change('listening');
    pass(500);
    status.change('speaking');
    status.change('wakeword');
    status.change('listening');
    pass(100);
    status.change('inactive');
    expect(told).toEqual([
      'listening',
      'listeningStarted 0',
      'speaking',
      'listeningStopped 500',
      'wakeword',
      'listening',
      'listeningStarted 500',
      'inactive',
      'listeningStopped 600',
    ]);
  });
});
