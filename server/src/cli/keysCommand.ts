import { parseArgs } from 'node:util';
import { GRANTS, type Grant } from '@parley/client-sdk/protocol';
import { roomNameSchema } from '@parley/client-sdk/protocol/schema';
import pc from 'picocolors';
import { type ApiKey, ApiKeys } from '../auth/ApiKeys.js';
import { loadSettings, SettingsError } from '../config/loadSettings.js';
import { apiKeysFile } from '../lifecycle/identity.js';

const USAGE = `Use:
  parley keys list
  parley keys create NAME [--rooms daily,weekly] [--grants join,listen] [--days 90]
  parley keys revoke ID
`;
const USUAL_GRANTS: Grant[] = ['join', 'speak', 'listen', 'readTranscript'];
const DAY_MS = 24 * 3_600_000;

/** `parley keys list | create NAME | revoke ID`: who may make room tokens for guests. @returns the exit code */
export function keysCommand(args: readonly string[]): number {
  const [action = 'list', name] = args;
  try {
    const keys = new ApiKeys({ file: apiKeysFile(loadSettings({ environment: process.env }).dataDir) });
    if (action === 'list') {
      process.stdout.write(listText(keys.list()));
      return 0;
    }
    if (action === 'create' && name !== undefined) {
      const { key, secret } = keys.create({ name, ...scopeOf(args.slice(2)) });
      process.stdout.write(
        `${pc.green('✓')} Key ${pc.bold(key.id)} for ${key.name}. It is shown this once:\n\n  ${pc.bold(secret)}\n\n`,
      );
      return 0;
    }
    if (action === 'revoke' && name !== undefined) {
      const revoked = keys.revoke(name);
      process.stdout.write(revoked ? `${pc.green('✓')} ${name} was revoked\n` : `There is no key ${name}\n`);
      return revoked ? 0 : 1;
    }
    process.stderr.write(USAGE);
    return 1;
  } catch (error) {
    if (error instanceof SettingsError || error instanceof KeyOptionError || isOptionError(error)) {
      process.stderr.write(`${pc.red('✗')} ${(error as Error).message}\n`);
      return 1;
    }
    throw error;
  }
}

class KeyOptionError extends Error {
  override readonly name = 'KeyOptionError';
}

function scopeOf(args: readonly string[]): { rooms: '*' | string[]; grants: Grant[]; expiresAtMs?: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { rooms: { type: 'string' }, grants: { type: 'string' }, days: { type: 'string' } },
  });
  const rooms = values.rooms === undefined ? '*' : listOf(values.rooms);
  for (const room of rooms === '*' ? [] : rooms) {
    if (!roomNameSchema.safeParse(room).success) throw new KeyOptionError(`${room} is not a room name.`);
  }
  const grants = values.grants === undefined ? USUAL_GRANTS : listOf(values.grants);
  const unknown = grants.filter((grant) => !(GRANTS as readonly string[]).includes(grant));
  if (unknown.length > 0) {
    throw new KeyOptionError(`There is no grant ${unknown.join(', ')}. There are: ${GRANTS.join(', ')}.`);
  }
  const days = values.days === undefined ? undefined : Number(values.days);
  if (days !== undefined && !(days > 0 && days <= 3_650)) {
    throw new KeyOptionError('--days is a number above 0, at most 3650.');
  }
  return {
    rooms,
    grants: grants as Grant[],
    ...(days === undefined ? {} : { expiresAtMs: Date.now() + days * DAY_MS }),
  };
}

function listText(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'There are no keys. Make one with: parley keys create NAME\n';
  const day = (ms: number | undefined, none: string) =>
    ms === undefined ? none : new Date(ms).toISOString().slice(0, 10);
  return keys
    .map(({ id, name, rooms, grants, createdAtMs, expiresAtMs, lastUsedAtMs }) =>
      [
        pc.bold(id),
        name.padEnd(20),
        `rooms ${rooms === '*' ? 'all' : rooms.join(',')}`,
        `grants ${grants.join(',')}`,
        pc.dim(`made ${day(createdAtMs, '')}, ends ${day(expiresAtMs, 'never')}, used ${day(lastUsedAtMs, 'never')}`),
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

/** What `parseArgs` throws for an option that it does not know. */
function isOptionError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
}
