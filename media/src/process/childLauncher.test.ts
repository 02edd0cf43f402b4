import { describe, expect, test } from 'vitest';
import { childLauncher, runLaunched } from './childLauncher.js';

const isRoot = process.getuid?.() === 0;

/** Lines of a file of /proc by their names. */
function linesOf(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map((line) => {
      const [, name = '', value = ''] = /^(.+?)(?::\s*|\s{2,})(.*)$/.exec(line) ?? [];
      return [name, value.trim().replace(/\s+/g, ' ')];
    }),
  );
}

describe('a child process that is started through the launcher', () => {
  test('H14 gains no privileges, leaves no core dump and has a bounded number of descriptors', async () => {
    const launcher = childLauncher();
    const status = linesOf(await runLaunched(launcher, ['cat', '/proc/self/status']));
    expect(status.get('NoNewPrivs')).toBe('1');
    const limits = linesOf(await runLaunched(launcher, ['cat', '/proc/self/limits']));
    expect(limits.get('Max core file size')).toBe('0 0 bytes');
    const [soft, hard] = (limits.get('Max open files') ?? '').split(' ').map(Number);
    expect(soft).toBe(hard);
    expect(hard).toBeLessThanOrEqual(65_536);
  });

  test('H14 is started where the system allows fewer descriptors, too', () => {
    expect(childLauncher({ descriptors: 4_096 })).toContain('--nofile=4096:4096');
    expect(childLauncher({ descriptors: 1_000_000 })).toContain('--nofile=65536:65536');
  });

  test('H14 keeps the process id of the launcher, by which it is watched and ended', async () => {
    const printed = await runLaunched(childLauncher(), ['sh', '-c', 'echo $$; cat /proc/$$/comm']);
    const [pid, name] = printed.split('\n');
    expect(Number(pid)).toBeGreaterThan(1);
    expect(name).toBe('sh');
  });

  test('H14 with an account of its own has the rights of that account alone, where this one may start it', async () => {
    const launcher = childLauncher({ account: { uid: 65_534, gid: 65_534 } });
    if (!isRoot) {
      await expect(runLaunched(launcher, ['true'])).rejects.toThrow(/setpriv/);
      return;
    }
    const status = linesOf(await runLaunched(launcher, ['cat', '/proc/self/status']));
    expect(status.get('Uid')).toBe('65534 65534 65534 65534');
    expect(status.get('Gid')).toBe('65534 65534 65534 65534');
    expect(status.get('Groups')).toBe('');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(status.get(set), set).toMatch(/^0+$/);
    const limits = linesOf(await runLaunched(launcher, ['cat', '/proc/self/limits']));
    expect(limits.get('Max processes')).toBe('1024 1024 processes');
  });
});
