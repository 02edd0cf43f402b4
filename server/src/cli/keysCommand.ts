import { parseArgs } from 'node:util';
import { GRANTS, type Grant, ParleyError } from '@parley/client-sdk/protocol';
import { roomNameSchema } from '@parley/client-sdk/protocol/schema';
import pc from 'picocolors';
import { z } from 'zod';
import { ApiKeys } from '../auth/ApiKeys.js';
import { RoomTokenRevocations } from '../auth/RoomTokenRevocations.js';
import { loadSettings, SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';
import { type AuditEvent, auditFileOf, createAuditLog } from '../observability/AuditLog.js';
import { fileKeyStores } from '../store/files/fileKeyStores.js';
import { StoreError } from '../store/StoreError.js';
import type { TokenRevocationStore } from '../store/TokenRevocationStore.js';

const USAGE = `Use:
  parley keys list
  parley keys create NAME --rooms daily,weekly [--grants join,listen] [--days 90]
  parley keys revoke ID [--tokens]
  parley keys revoke-tokens ID [TOKEN_ID]
With --rooms '*' the key is valid for every room. revoke-tokens ends the room tokens that were made with a key so far, or one of them, and
their connections; so does revoke --tokens. The audit log has the ids of tokens (tokenMinted).
`;
const USUAL_DAYS = 90;
const USUAL_GRANTS: Grant[] = ['join', 'speak', 'listen', 'readTranscript'];
const DAY_MS = 24 * 3_600_000;

/**
 * `parley keys list | create NAME | revoke ID | revoke-tokens ID`: API keys, which may issue room tokens for guests.
 * @returns the exit code
 */
export async function keysCommand(args: readonly string[]): Promise<number> {
  const [action = 'list', name] = args;
  try {
    const settings = loadSettings({ environment: process.env });
    const stores = fileKeyStores({ dataDir: settings.dataDir });
    const keys = new ApiKeys({ store: stores.apiKeys });
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
      const { tokens } = parseArgs({ args: args.slice(2), options: { tokens: { type: 'boolean' } } }).values;
      const revoked = await keys.revoke(name);
      if (revoked) record(settings, { event: 'apiKeyRevoked', key: name });
      process.stdout.write(revoked ? `${pc.green('✓')} ${name} was revoked\n` : `There is no key ${name}\n`);
      if (revoked && tokens === true) await revokeTokens({ settings, store: stores.tokenRevocations, of: name });
      return revoked ? 0 : 1;
    }
    if (action === 'revoke-tokens' && name !== undefined) {
      await revokeTokens({ settings, store: stores.tokenRevocations, of: name, tokenId: args[2] });
      return 0;
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
const SAID = [SettingsError, KeyOptionError, StoreError, ParleyError];

/** Running servers see it within half a second. @param options.of the id of a key, or a minter as the audit log names it */
async function revokeTokens(options: {
  settings: Settings;
  store: TokenRevocationStore;
  of: string;
  tokenId?: string | undefined;
}): Promise<void> {
  const { settings, store, of, tokenId } = options;
  if (tokenId !== undefined && !z.uuid().safeParse(tokenId).success) {
    throw new KeyOptionError(`${tokenId} is not the id of a token. The audit log has it (tokenMinted, "token").`);
  }
  const mintedBy = of.includes(':') ? of : `key:${of}`;
  const revocations = await RoomTokenRevocations.create({ store });
  await revocations.revoke({ mintedBy, tokenId });
  record(settings, { event: 'tokensRevoked', of: mintedBy, ...(tokenId === undefined ? {} : { token: tokenId }) });
  const which =
    tokenId === undefined ? `All tokens that ${mintedBy} has made so far are` : `Token ${tokenId} of ${mintedBy} is`;
  process.stdout.write(`${pc.green('✓')} ${which} revoked\n`);
}

/** Writes to the audit log of the server that uses these keys; only that server rotates it. */
function record({ audit, dataDir }: Settings, event: AuditEvent): void {
  if (!audit.enabled) return;
  const log = createAuditLog({ file: auditFileOf({ audit, dataDir }) });
  log.record(event);
  // Otherwise the program would wait for the end of a minute in which events are counted.
  log.close();
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
