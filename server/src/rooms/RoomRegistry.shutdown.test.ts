import { ParleyError } from '@parley/client-sdk/protocol';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { settingsSchema } from '../config/settings.js';
import { NO_AUDIT } from '../observability/AuditLog.js';
import { MemoryTranscriptStore } from '../store/memory/MemoryTranscriptStore.js';
import { RoomRegistry } from './RoomRegistry.js';
import { Client, FakeMedia, MEMBER, model, status } from './testing/RoomRig.js';

const SHUTTING_DOWN = new ParleyError('SERVER_SHUTTING_DOWN');

function registryOf(media: FakeMedia) {
  const time = new ManualTime();
  const failures: unknown[] = [];
  const transcripts = new MemoryTranscriptStore({ segmentsPerMeeting: 10 });
  const ended = vi.spyOn(transcripts, 'end');
  const registry = new RoomRegistry({
    media: media.node,
    model,
    settings: settingsSchema.parse({}),
    logger: pino({ level: 'error' }, { write: (line) => void failures.push(JSON.parse(line)) }),
    transcription: () => status,
    observer: { interim: () => {}, final: () => {}, gap: () => {}, audio: () => {} },
    audit: NO_AUDIT,
    overload: () => undefined,
    transcripts,
    time,
  });
  return { registry, time, failures, ended };
}

/** Somebody joins, who says nothing. */
function join(registry: RoomRegistry, room: string) {
  const identity = { issuer: 'guest', subject: 'ada', displayName: 'Ada', nameSource: 'guest' as const, roles: [] };
  const { channel } = new Client();
  return registry.enter({ room, identity, address: '192.0.2.1' }, (standing) =>
    standing.join({ peerId: room, identity, grants: new Set(MEMBER), channel }),
  );
}

/** Whether it has been resolved. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setImmediate(() => resolve('later')));
  return (await Promise.race([work.then(() => 'done'), later])) === 'done';
}

test('the end waits 15 s for rooms whose last words are no text yet, and 3 s more once no child is left', async () => {
  const media = new FakeMedia();
  const { registry, time } = registryOf(media);
  await join(registry, 'daily');
  const drain = media.holdBack();
  const closing = registry.close(SHUTTING_DOWN);
  expect(await isDone(closing)).toBe(false);
  time.advance(14_999);
  expect(await isDone(closing)).toBe(false);
  time.advance(1);
  await closing;
  const settled = registry.settled();
  expect(await isDone(settled)).toBe(false);
  drain();
  await settled;
  expect(media.closedSfuRooms).toEqual([1]);
  expect(time.pendingTimers).toBe(0);
});

test('a room that cannot be closed well is logged, and holds up neither the others nor the end', async () => {
  const media = new FakeMedia();
  const { registry, failures, ended } = registryOf(media);
  await join(registry, 'daily');
  media.failToDrain();
  await join(registry, 'weekly');
  await registry.close(SHUTTING_DOWN);
  expect(failures).toMatchObject([{ msg: 'could not close a room' }, { msg: 'could not close a room' }]);
  // Their meetings are over all the same.
  expect(ended).toHaveBeenCalledTimes(2);
  await expect(join(registry, 'new')).rejects.toMatchObject({ code: 'SERVER_SHUTTING_DOWN' });
});

test('without rooms the end waits for nothing', async () => {
  const { registry, time } = registryOf(new FakeMedia());
  await registry.settled();
  await registry.close(SHUTTING_DOWN);
  await registry.settled();
  expect(time.pendingTimers).toBe(0);
});
