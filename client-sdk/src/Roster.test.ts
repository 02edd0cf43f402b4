import { expect, test } from 'vitest';
import type { Participant } from './protocol/index.js';
import { Roster } from './Roster.js';

function participant(participantId: string, overrides: Partial<Participant> = {}): Participant {
  const states = { publishing: false, muted: false, speaking: false };
  return { participantId, displayName: participantId, joinedAtMs: 0, ...states, ...overrides };
}

test('says who came, who went and who is different when the server sends its list anew', () => {
  const roster = new Roster();
  roster.replace([participant('ada'), participant('ben'), participant('cy')]);
  const changes = roster.replace([participant('ada'), participant('ben', { muted: true }), participant('dee')]);
  expect(changes).toEqual({
    joined: [participant('dee')],
    updated: [participant('ben', { muted: true })],
    left: ['cy'],
  });
  expect([...roster.participants.keys()]).toEqual(['ada', 'ben', 'dee']);
});

test('H11 sees what a participant no longer has, and takes equal reasons for the same', () => {
  const roster = new Roster();
  const off = () => participant('ada', { notTranscribed: ['offTheRecord'] });
  roster.replace([off()]);
  expect(roster.replace([off()]).updated).toEqual([]);
  expect(roster.replace([participant('ada')]).updated).toEqual([participant('ada')]);
});

test('follows who speaks, without changing what was handed out', () => {
  const roster = new Roster();
  roster.set(participant('ada'));
  const before = roster.participants.get('ada');
  roster.setSpeaking({ participantId: 'ada', speaking: true });
  roster.setSpeaking({ participantId: 'nobody', speaking: true });
  expect(before?.speaking).toBe(false);
  expect(roster.participants.get('ada')?.speaking).toBe(true);
  expect(roster.participants.size).toBe(1);
});
