import { readFileSync } from 'node:fs';
import { MODES, speechSettingsSchema } from '@parley/media/settings';
import { describe, expect, test } from 'vitest';
import { settingLeaves } from './settingsTree.js';
import { modesTable, settingsTables } from './tables.js';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const settingsPage = read('docs/settings.md');
const modesPage = read('docs/modes.md');

/** Rows of the table under a header. */
function rowsUnder(page: string, header: string): string[][] {
  const from = page.slice(page.indexOf(header)).split('\n').slice(2);
  const end = from.findIndex((line) => !line.startsWith('|'));
  return from.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/settings.md', () => {
  test('has the tables that the schema makes (parley settings --markdown)', () => {
    expect(settingsPage).toContain(settingsTables());
  });

  test('has every setting, with its flag and variable', () => {
    for (const { path, flag, variable, type } of settingLeaves()) {
      expect(settingsPage).toContain(`| \`${path.join('.')}\` |`);
      if (type !== 'map') expect(settingsPage).toContain(`\`${flag}\`<br>\`${variable}\``);
    }
  });

  test('has an answer to each of the 84 parameters of RealtimeSTT, with settings that exist', () => {
    const rows = rowsUnder(settingsPage, '| parameter | here |');
    const callbacks = rowsUnder(settingsPage, '| callback | notification |').filter(([name]) =>
      name?.startsWith('`on_'),
    );
    const parameters = rows.filter(([name]) => /^`[a-z_]+`$/.test(name ?? ''));
    expect(parameters.length + callbacks.length).toBe(84);
    expect(new Set([...parameters, ...callbacks].map(([name]) => name)).size).toBe(84);
    const known = new Set(settingLeaves().map(({ path }) => path.join('.')));
    const notSettings = ['base-q5_1', 'models', 'same', 'adaptive', 'deviceId', 'autoGainControl', 'debug', 'trace'];
    const others = new Set([
      ...notSettings,
      'CUDA_VISIBLE_DEVICES',
      'GET /metrics',
      'transcriptionDegraded',
      'subscribeDiagnostics',
    ]);
    for (const [name, answer = ''] of parameters) {
      const named = [...answer.matchAll(/`([^`]+)`/g)].map(([, each = '']) => each);
      for (const each of named) expect(known.has(each) || others.has(each), `${name}: ${each}`).toBe(true);
      expect(
        answer.startsWith('none') || named.some((each) => known.has(each)),
        `${name} has no setting and no reason`,
      ).toBe(true);
    }
  });

  test('maps the callbacks as the protocol does', () => {
    const rowsOf = (text: string) => [...text.matchAll(/\| `on_\w+` \| .+ \|/g)].map(([row]) => row);
    const protocol = rowsOf(read('client-sdk/src/protocol/activity.ts'));
    expect(protocol).toHaveLength(17);
    expect(rowsOf(settingsPage)).toEqual(protocol);
  });

  test('names metrics that are there', () => {
    const source = read('server/src/observability/Metrics.ts');
    const documented = [...settingsPage.matchAll(/`(parley_\w+)/g)].map(([, name = '']) => name);
    const made = [...source.matchAll(/name: '(parley_\w+)'/g)].map(([, name = '']) => name);
    expect(new Set(documented)).toEqual(new Set(made));
  });
});

describe('docs/modes.md', () => {
  test('has the table that the modes make (parley modes --markdown)', () => {
    expect(modesPage).toContain(modesTable());
  });

  test('says of each mode what it is for, in the words of the mode', () => {
    for (const [name, { purpose }] of Object.entries(MODES)) {
      expect(modesPage).toContain(`* **\`${name}\`**: ${purpose}`);
    }
  });

  test('has a row for each value that some mode sets', () => {
    const rows = new Set(rowsUnder(modesPage, '| | `accurate` |').map(([name]) => /`(\w+)`/.exec(name ?? '')?.[1]));
    const defaults = speechSettingsSchema.parse({}) as Record<string, unknown>;
    for (const { settings } of Object.values(MODES)) {
      for (const [name, value] of Object.entries(settings)) {
        if (value !== defaults[name]) expect(rows, name).toContain(name);
      }
    }
  });
});
