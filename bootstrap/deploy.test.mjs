import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const unit = readFileSync(`${ROOT}deploy/parley.service`, 'utf8');

/** @param {string} name @returns {string[]} all values of a directive */
const valuesOf = (name) =>
  [...unit.matchAll(/^(\w+)=(.*)$/gm)].filter(([, key]) => key === name).map(([, , value = '']) => value);

it('H14 the unit runs the server with an account of its own, in a sandbox, within bounds', () => {
  expect(valuesOf('User')).toEqual(['parley']);
  expect(valuesOf('Environment')).toContain('PARLEY_ALLOW_ROOT=no');
  expect(valuesOf('CapabilityBoundingSet')).toEqual(['']);
  for (const name of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'RestrictSUIDSGID', 'RestrictNamespaces']) {
    expect(valuesOf(name), name).toEqual(['yes']);
  }
  expect(valuesOf('ProtectSystem')).toEqual(['strict']);
  for (const name of ['MemoryMax', 'LimitNOFILE', 'TasksMax']) expect(valuesOf(name), name).toHaveLength(1);
});

it('H14 what gives child processes an account of their own lets the server do that and no more', () => {
  const extra = readFileSync(`${ROOT}deploy/separate-children.conf`, 'utf8');
  expect(extra).toMatch(/^Environment=PARLEY_ACCOUNTS_CHILDREN=\w/m);
  const [, kept = ''] =
    /KEPT_FOR_CHILDREN = \[(.+)\]/.exec(readFileSync(`${ROOT}server/src/start/continueAsServer.ts`, 'utf8')) ?? [];
  const capabilities = [...kept.matchAll(/'(\w+)'/g)].map(([, name = '']) => `CAP_${name.toUpperCase()}`).join(' ');
  expect(capabilities).toContain('CAP_SETUID');
  for (const name of ['CapabilityBoundingSet', 'AmbientCapabilities']) {
    expect(extra).toContain(`\n${name}=${capabilities}\n`);
  }
});

it('the unit starts what is there, and waits longer than a shutdown takes', () => {
  const [script = ''] = /\S+\.mjs/.exec(valuesOf('ExecStart')[0] ?? '') ?? [];
  expect(existsSync(`${ROOT}${script}`)).toBe(true);
  const shutdownMs = Number(
    /shutdownMs: ([\d_]+)/
      .exec(readFileSync(`${ROOT}media/src/process/closeTimes.ts`, 'utf8'))?.[1]
      ?.replaceAll('_', ''),
  );
  expect(Number(valuesOf('TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(shutdownMs);
});
