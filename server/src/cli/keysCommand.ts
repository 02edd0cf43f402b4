import { parseArgs } from 'node:util';
import { GRANTS, type Grant } from '@parley/client-sdk/protocol';
import { roomNameSchema } from '@parley/client-sdk/protocol/schema';
import pc from 'picocolors';
import { ApiKeys } from '../auth/ApiKeys.js';
import { loadSettings, SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';
import { type AuditEvent, auditFileOf, createAuditLog } from '../observability/AuditLog.js';
import { fileKeyStores } from '../store/files/fileKeyStores.js';
import { StoreError } from '../store/StoreError.js';

const USAGE = `Use:
  parley keys list
  parley keys create NAME --rooms daily,weekly [--grants join,listen] [--days 90]
  parley keys revoke ID
With --rooms '*' the key is valid for every room.
`;
const USUAL_DAYS = 90;
const USUAL_GRANTS: Grant[] = ['join', 'speak', 'listen', 'readTranscript'];
const DAY_MS = 24 * 3_600_000;

/** `parley keys list | create NAME | revoke ID`: API keys, which may issue room tokens for guests. @returns the exit code */
export async function keysCommand(args: readonly string[]): Promise<number> {
  const [action = 'list', name] = args;
  try {
    const settings = loadSettings({ environment: process.env });
    const keys = new ApiKeys({ store: fileKeyStores({ dataDir: settings.dataDir }).apiKeys });
    if (action === 'list') {
      process.stdout.write(await listText(keys));
      return 0;
    }
    if (action === 'create' && name !== undefined && !name.startsWith('-')) {
      const { key, secret } = await keys.create({ name, ...scopeOf(args.slice(2)) });
      const { id, rooms, grants, expiresAtMs } = key;
      record(settings, {
        event: 'apiKeyCreated',
        key: id,
        rooms,
        grants,
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      });
      if (rooms === '*') {
        process.stdout.write(
          `${pc.yellow('!')} This key lets guests into ${pc.bold('every room')}, restricted ones too.\n`,
        );
      }
      process.stdout.write(
        `${pc.green('✓')} Key ${pc.bold(id)} for ${key.name}, until ${day(expiresAtMs, 'it is revoked')}. It is shown only once:\n\n  ${pc.bold(secret)}\n\n`,
      );
      return 0;
    }
    if (action === 'revoke' && name !== undefined) {
      const revoked = await keys.revoke(name);
      if (revoked) record(settings, { event: 'apiKeyRevoked', key: name });
      process.stdout.write(revoked ? `${pc.green('✓')} ${name} was revoked\n` : `There is no key ${name}\n`);
      return revoked ? 0 : 1;
    }
    process.stderr.write(USAGE);
    return 1;
  } catch (error) {
    if (SAID.some((kind) => error instanceof kind) || isOptionError(error)) {
      process.stderr.write(`${pc.red('✗')} ${(error as Error).message}\n`);
      return 1;
    }
    throw error;
  }
}

class KeyOptionError extends Error {
  override readonly name = 'KeyOptionError';
}

/** Errors whose message is meant for the user of the command. */
const SAID = [SettingsError, KeyOptionError, StoreError];

/** Writes to the audit log of the server that uses these keys; only that server rotates it. */
function record({ audit, dataDir }: Settings, event: AuditEvent): void {
  if (!audit.enabled) return;
  createAuditLog({ file: auditFileOf({ audit, dataDir }) }).record(event);
}

function day(ms: number | undefined, none: string): string {
  return ms === undefined ? none : new Date(ms).toISOString().slice(0, 10);
}

function scopeOf(args: readonly string[]): { rooms: '*' | string[]; grants: Grant[]; expiresAtMs: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { rooms: { type: 'string' }, grants: { type: 'string' }, days: { type: 'string' } },
  });
  if (values.rooms === undefined) {
    throw new KeyOptionError("Name the rooms of the key with --rooms daily,weekly, or use --rooms '*' for every room.");
  }
  const rooms = values.rooms.trim() === '*' ? '*' : listOf(values.rooms);
  if (rooms.length === 0) throw new KeyOptionError('--rooms needs at least one room.');
  for (const room of rooms === '*' ? [] : rooms) {
    if (!roomNameSchema.safeParse(room).success) throw new KeyOptionError(`${room} is not a room name.`);
  }
  const grants = values.grants === undefined ? USUAL_GRANTS : listOf(values.grants);
  const unknown = grants.filter((grant) => !(GRANTS as readonly string[]).includes(grant));
  if (unknown.length > 0) {
    throw new KeyOptionError(`Unknown grant: ${unknown.join(', ')}. Grants are: ${GRANTS.join(', ')}.`);
  }
  const days = values.days === undefined ? USUAL_DAYS : Number(values.days);
  if (!(days > 0 && days <= 3_650)) {
    throw new KeyOptionError('--days must be a number above 0 and at most 3650.');
  }
  return {
    rooms,
    grants: grants as Grant[],
    expiresAtMs: Date.now() + days * DAY_MS,
  };
}

async function listText(keys: ApiKeys): Promise<string> {
  const all = await keys.list();
  if (all.length === 0) return 'There are no keys. Create one with: parley keys create NAME --rooms ROOM\n';
  const lastUses = await keys.lastUses();
  return all
    .map(({ id, name, rooms, grants, createdAtMs, expiresAtMs }) =>
      [
        pc.bold(id),
        name.padEnd(20),
        `rooms ${rooms === '*' ? 'all' : rooms.join(',')}`,
        `grants ${grants.join(',')}`,
        pc.dim(
          `created ${day(createdAtMs, '')}, expires ${day(expiresAtMs, 'never')}, last used ${day(lastUses.get(id), 'never')}`,
        ),
      ].join('  '),
    )
    .concat('')
    .join('\n');
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** The error code of `parseArgs` for an unknown option. */
function isOptionError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
}
