import { readFileSync } from 'node:fs';
import { wordsOf } from '@parley/demo';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packetsOf, RawMeeting, type RawMember } from './support/RawMeeting.js';
import { engineThere } from './support/SpeechRig.js';

/** Where `contract` begins in the first sentence: after "Please review the final version of the". */
const MIDDLE_PACKETS = 70;

describe.skipIf(!engineThere)('what a participant does not want transcribed', () => {
  /** "Please review the final version of the contract before Wednesday." */
  let contract: Uint8Array[];
  /** "Emma will share the test results with the security team." */
  let results: Uint8Array[];
  let meeting: RawMeeting;

  beforeAll(async () => {
    contract = await packetsOf('en-01.s16le');
    results = await packetsOf('en-03.flac');
    meeting = await RawMeeting.create({ consent: { version: '2026-11' } });
  }, 60_000);
  afterEach(() => meeting.leaveAll());
  afterAll(() => meeting?.close());

  const wordsIn = (member: RawMember) =>
    wordsOf(member.lines.flatMap(({ status, text }) => (status === 'final' ? [text] : [])).join(' '));
  /** Of all that was ever shown, interims included. */
  const everShown = ({ client }: RawMember) =>
    wordsOf(
      [...client.payloadsOf('interimUpdated'), ...client.payloadsOf('segmentCommitted')]
        .map((payload) => (payload as { segment: { text: string } }).segment.text)
        .join(' '),
    );
  const gapsOf = ({ lines }: RawMember) => lines.filter(({ status }) => status === 'gap');
  const ledgerOf = async ({ client, participantId }: RawMember) => {
    const answer = await client.ask('getLedger');
    if (!answer.ok) throw new Error(answer.error.code);
    const { ledgers } = answer.data as { ledgers: { participantId: string; ledger: Record<string, unknown> }[] };
    return ledgers.find((each) => each.participantId === participantId)?.ledger as {
      totalMs: number;
      pendingMs: number;
      shedMs: Record<string, number>;
    };
  };

  test('H11 off the record: what was said before is finished, no word said after the answer is ever shown, and the span is', async () => {
    const ada = await meeting.enter('aside', 'Ada');
    const ben = await meeting.enter('aside', 'Ben');
    await ada.speak(contract.slice(0, MIDDLE_PACKETS));
    // She goes on speaking while the server acts.
    const answered = ada.client.codeOf('setOffTheRecord', { on: true });
    await ada.speak(contract.slice(MIDDLE_PACKETS, MIDDLE_PACKETS + 10));
    expect(await answered).toBe('ok');
    const receivedBefore = ben.received;
    await ada.speak(contract.slice(MIDDLE_PACKETS + 10));
    await ada.speak(results);
    // The others still hear her, and see why there are no words.
    expect(ben.received - receivedBefore).toBeGreaterThan(results.length);
    expect(ben.client.payloadsOf('participantUpdated').at(-1)).toMatchObject({
      participant: { participantId: ada.participantId, notTranscribed: ['offTheRecord'] },
    });
    await expect.poll(() => wordsIn(ada).slice(0, 2), { timeout: 10_000 }).toEqual(['please', 'review']);
    for (const word of ['wednesday', 'emma', 'share', 'results', 'security', 'team']) {
      expect(everShown(ada)).not.toContain(word);
    }

    expect(await ada.client.codeOf('setOffTheRecord', { on: false })).toBe('ok');
    await ada.speak(results);
    await expect.poll(() => wordsIn(ada), { timeout: 10_000 }).toContain('security');
    const [gap, ...more] = gapsOf(ada);
    expect(more).toEqual([]);
    expect(gap).toMatchObject({ reason: 'offTheRecord', text: '' });
    const spokenMs = (contract.length - MIDDLE_PACKETS - 10 + results.length) * 20;
    const { startMs = 0, endMs = 0 } = gap ?? {};
    expect(endMs - startMs).toBeGreaterThan(spokenMs - 100);
    expect(endMs - startMs).toBeLessThan(spokenMs + 2_000);
    const { shedMs } = await ledgerOf(ada);
    expect(shedMs.offTheRecord).toBeGreaterThan(spokenMs - 100);
    expect(ben.lines).toEqual([]);
  }, 60_000);

  test('H11 a room off the record holds for who joins later, until a moderator ends it, and is in the audit log', async () => {
    // Who opens a room of guests moderates it.
    const ada = await meeting.enter('whole', 'Ada');
    expect(await ada.client.codeOf('setRoomOffTheRecord', { on: true })).toBe('ok');
    const ben = await meeting.enter('whole', 'Ben');
    expect(await ben.client.codeOf('setRoomOffTheRecord', { on: false })).toBe('FORBIDDEN');
    await ben.speak(contract);
    expect(everShown(ada)).toEqual([]);
    expect(await ada.client.codeOf('setRoomOffTheRecord', { on: false })).toBe('ok');
    await ben.speak(results);
    await expect.poll(() => wordsIn(ben), { timeout: 10_000 }).toContain('security');
    expect(everShown(ben)).not.toContain('wednesday');
    expect(gapsOf(ben)).toMatchObject([{ reason: 'offTheRecord' }]);
    expect(readFileSync(meeting.auditFile, 'utf8')).toMatch(
      /"action":"roomOffTheRecord".*"room":"whole"|"room":"whole".*"action":"roomOffTheRecord"/,
    );
  }, 60_000);

  test('H11 before the consent nothing is decoded or kept; it is recorded by version, and can be withdrawn', async () => {
    const host = await meeting.enter('asked', 'Mia');
    expect(await host.client.codeOf('requireConsent')).toBe('ok');
    const ada = await meeting.enter('asked', 'Ada', { consentVersion: '2020-01' });
    await ada.speak(contract);
    expect(host.received).toBeGreaterThan(contract.length / 2);
    expect(everShown(ada)).toEqual([]);
    expect(await ada.client.codeOf('giveConsent', { version: '2020-01' })).toBe('CONSENT_OUTDATED');
    expect(await ada.client.codeOf('giveConsent', { version: '2026-11' })).toBe('ok');
    await ada.speak(results);
    await expect.poll(() => wordsIn(ada), { timeout: 10_000 }).toContain('security');
    expect(await ada.client.codeOf('withdrawConsent')).toBe('ok');
    await ada.speak(contract);
    expect(gapsOf(ada)).toMatchObject([{ reason: 'noConsent' }]);
    expect(everShown(ada)).not.toContain('wednesday');
    const { totalMs, shedMs } = await ledgerOf(ada);
    expect(shedMs.noConsent).toBeGreaterThan(contract.length * 20 - 200);
    expect(totalMs).toBeGreaterThan(shedMs.noConsent ?? 0);
    const lines = readFileSync(meeting.auditFile, 'utf8').trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const consents = events.filter(({ event }) => event === 'consentGiven' || event === 'consentWithdrawn');
    expect(consents).toMatchObject([
      { event: 'consentGiven', version: '2026-11', who: expect.stringMatching(/^guest#/), time: expect.any(String) },
      { event: 'consentWithdrawn', version: '2026-11' },
    ]);
    expect(JSON.stringify(consents)).not.toContain('Ada');
  }, 60_000);
});
