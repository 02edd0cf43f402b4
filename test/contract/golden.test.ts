import { type NotificationName, PROTOCOL_VERSION, type RequestName } from '@parley/client-sdk/protocol';
import { handshakeSchema, requestSchemas } from '@parley/client-sdk/protocol/schema';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { goldenVersions, readGoldens } from './goldens.js';
import { notificationSchemas, responseSchemas, wireErrorSchema } from './schemas.js';

const goldens = readGoldens(PROTOCOL_VERSION);
const REQUESTS = Object.keys(requestSchemas) as RequestName[];
const NOTIFICATIONS = Object.keys(notificationSchemas) as NotificationName[];

function problemsOf(schema: z.ZodType, message: unknown): string[] {
  const { error } = schema.safeParse(message);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

const withUnknownKey = (message: object) => ({ ...message, keyFromNowhere: true });

test('every version of the protocol has its golden messages, the newest included', () => {
  expect(goldenVersions()).toEqual(Array.from({ length: PROTOCOL_VERSION }, (_, index) => index + 1));
});

describe('the golden messages of the current version', () => {
  test('have every request, answer and notification that the code has, and no other', () => {
    expect(Object.keys(goldens.requests).toSorted()).toEqual(REQUESTS.toSorted());
    expect(Object.keys(goldens.answers).toSorted()).toEqual(REQUESTS.toSorted());
    expect(Object.keys(goldens.notifications).toSorted()).toEqual(NOTIFICATIONS.toSorted());
    for (const name of REQUESTS) expect(goldens.answers[name].length, name).toBeGreaterThan(0);
    for (const name of NOTIFICATIONS) expect(goldens.notifications[name].length, name).toBeGreaterThan(0);
  });

  test('open a connection, or do not', () => {
    for (const message of goldens.handshake.accepted) expect(problemsOf(handshakeSchema, message)).toEqual([]);
    for (const { why, message } of goldens.handshake.refused)
      expect(problemsOf(handshakeSchema, message), why).not.toEqual([]);
  });

  test.each(
    REQUESTS,
  )('%s: requests are taken as they are, refused with a key too many, and refused when wrong', (name) => {
    const { accepted, refused } = goldens.requests[name];
    expect(accepted.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    for (const message of accepted) {
      // Taken means unchanged: the server sees what was sent.
      expect(requestSchemas[name].parse(message)).toEqual(message);
      expect(problemsOf(requestSchemas[name], withUnknownKey(message))).not.toEqual([]);
    }
    for (const { why, message } of refused) expect(problemsOf(requestSchemas[name], message), why).not.toEqual([]);
  });

  test.each(REQUESTS)('%s: answers have the shape of their type, and nothing more', (name) => {
    for (const message of goldens.answers[name]) {
      expect(problemsOf(responseSchemas[name], message)).toEqual([]);
      expect(problemsOf(responseSchemas[name], withUnknownKey(message))).not.toEqual([]);
    }
  });

  test.each(NOTIFICATIONS)('%s: notifications have the shape of their type, and nothing more', (name) => {
    for (const message of goldens.notifications[name]) {
      expect(problemsOf(notificationSchemas[name], message)).toEqual([]);
      expect(problemsOf(notificationSchemas[name], withUnknownKey(message))).not.toEqual([]);
    }
  });

  test('have errors with code, sentence and what else there may be', () => {
    for (const error of goldens.errors) {
      expect(problemsOf(wireErrorSchema, error)).toEqual([]);
      expect(problemsOf(wireErrorSchema, withUnknownKey(error))).not.toEqual([]);
    }
  });
});
