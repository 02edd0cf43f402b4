import { readFileSync } from 'node:fs';
import { ERROR_REGISTRY, LIMITS, PROTOCOL_VERSION } from '@parley/client-sdk/protocol';
import { describe, expect, test } from 'vitest';
import { goldenVersions, readGoldens } from './goldens.js';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const goldens = readGoldens(PROTOCOL_VERSION);

/** Rows of the table in a section, each as its cells. */
function rowsOf(section: string): string[][] {
  const [, text = ''] = page.split(`\n## ${section}\n`);
  const [body = ''] = text.split('\n## ');
  const rows = body.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const namesIn = (cell = '') => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name);

/** Keys of messages, each once. */
const keysOf = (messages: readonly object[]) =>
  [...new Set(messages.flatMap((message) => Object.keys(message)))].toSorted();

describe('docs/protocol.md', () => {
  test('has every request of the code, in its order, with the keys that are sent and answered', () => {
    const rows = rowsOf('Requests');
    expect(rows.map(([name]) => namesIn(name)[0])).toEqual(Object.keys(goldens.requests));
    for (const [name, , sent, answered] of rows) {
      const request = namesIn(name)[0] as keyof typeof goldens.requests;
      const { accepted } = goldens.requests[request];
      expect(
        namesIn(sent)
          .filter((key) => key !== 'recv')
          .toSorted(),
        `${request}: sent`,
      ).toEqual(keysOf(accepted));
      expect(namesIn(answered).toSorted(), `${request}: answered`).toEqual(keysOf(goldens.answers[request]));
    }
  });

  test('has every notification of the code, in its order, with its keys', () => {
    const rows = rowsOf('Notifications');
    expect(rows.map(([name]) => namesIn(name)[0])).toEqual(Object.keys(goldens.notifications));
    for (const [name, payload] of rows) {
      const notification = namesIn(name)[0] as keyof typeof goldens.notifications;
      expect(namesIn(payload).toSorted(), notification).toEqual(keysOf(goldens.notifications[notification]));
    }
  });

  test('names errors that there are, and the limits as they are', () => {
    const codes = page.match(/`[A-Z]+(?:_[A-Z]+)+`/g) ?? [];
    expect(codes.length).toBeGreaterThan(20);
    for (const code of codes.map((quoted) => quoted.slice(1, -1)).filter((code) => !code.startsWith('PARLEY_')))
      expect(Object.keys(ERROR_REGISTRY)).toContain(code);
    expect(page).toContain(`${LIMITS.messageBytes.toLocaleString('en')} bytes`);
    expect(page).toContain(`at most ${LIMITS.transcriptPageSize} segments`);
    expect(page).toContain(`${LIMITS.transcriptPageBytes.toLocaleString('en')} bytes`);
    expect(page).toContain(`within ${LIMITS.joinTimeoutMs / 1_000} s`);
    expect(page).toContain(`waits ${LIMITS.requestTimeoutMs / 1_000} s`);
  });

  test('is of the current version, and tells of all before it', () => {
    expect(page).toContain(`# The protocol, version ${PROTOCOL_VERSION}\n`);
    expect(rowsOf('Versions').map(([version]) => Number(version))).toEqual(goldenVersions().toReversed());
  });
});
