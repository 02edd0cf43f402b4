import { describe, expect, test } from 'vitest';
import { ERROR_REGISTRY, ParleyError, PROTOCOL_VERSION } from './index.js';
import { displayNameSchema, handshakeSchema, looksOf, requestSchemas } from './schema.js';

const guest = { kind: 'guest', subject: 'abcdefghijklmnop', displayName: 'Ada' };

describe('handshakeSchema', () => {
  test('takes a guest and a token', () => {
    expect(handshakeSchema.safeParse({ protocolVersion: PROTOCOL_VERSION, credentials: guest }).success).toBe(true);
    expect(
      handshakeSchema.safeParse({ protocolVersion: 1, credentials: { kind: 'token', token: 'x.y.z' } }).success,
    ).toBe(true);
  });

  test('refuses unknown keys, guessable subjects and other kinds', () => {
    for (const credentials of [
      { ...guest, admin: true },
      { ...guest, subject: 'short' },
      { ...guest, subject: 'with spaces in it, long' },
      { kind: 'root' },
      null,
    ]) {
      expect(handshakeSchema.safeParse({ protocolVersion: 1, credentials }).success).toBe(false);
    }
  });
});

describe('displayNameSchema', () => {
  test('trims and composes names', () => {
    expect(displayNameSchema.parse('  Zoe\u0308 ')).toBe('Zoë');
    expect(displayNameSchema.parse('王小明')).toBe('王小明');
  });

  test('refuses what could deceive or break a line: empty, control, direction overrides, too long', () => {
    for (const name of [
      '',
      '   ',
      'a\u0000b',
      'a\nb',
      'evil\u202Egnp',
      'a\u200Bb',
      'x'.repeat(65),
      'x'.repeat(10_000),
    ]) {
      expect(displayNameSchema.safeParse(name).success, JSON.stringify(name.slice(0, 20))).toBe(false);
    }
  });
});

describe('names of people', () => {
  test.each([
    ['a family of emoji', 'Ada 👩‍👩‍👧'],
    ['a rainbow flag, also without its variation selector', '🏳️‍🌈 🏳\u200D🌈'],
    ['a technician with a skin tone', '👩🏽‍💻'],
    ['flags of a country and of a region', '🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['a keycap and a heart', '1️⃣ ❤️'],
    ['a non-joiner of Persian', 'نرگس می\u200Cخواهم'],
    ['a joiner of Sinhala', 'ශ්\u200Dරී'],
    ['a non-joiner of Hindi', 'क्\u200Cष'],
    ['a variant of a Japanese character', '葛\u{E0100}城'],
  ])('H8 with %s are names', (_, name) => {
    expect(displayNameSchema.parse(name)).toBe(name.normalize('NFC'));
  });

  test.each([
    ['text turned around', 'Ada\u202Enimda'],
    ['an isolate', '\u2067Ada\u2069'],
    ['a joiner between Latin letters', 'A\u200Dda'],
    ['a non-joiner at the end', 'می\u200C'],
    ['a joiner behind an emoji', '😀\u200D'],
    ['tags behind a letter', 'a\u{E0067}\u{E007F}'],
    ['a soft hyphen', 'A\u00ADda'],
    ['a variation selector behind another', 'a\uFE00\uFE00'],
    ['nothing but a Hangul filler', '\u3164'],
    ['a Hangul filler among letters', 'Ada\u3164'],
    ['nothing but a Braille blank', '\u2800'],
    ['nothing but a combining mark', '\u0301'],
    ['nothing but a non-breaking space', '\u00A0'],
    ['nothing but a variation selector', '\uFE0F'],
  ])('H8 with %s are none', (_, name) => {
    expect(displayNameSchema.safeParse(name).success).toBe(false);
  });

  test('H8 look the same or not as people see them', () => {
    const looks = (name: string) => looksOf(name);
    expect(new Set(['Ada', 'ADA', ' ada ', 'Ａｄａ', 'Ada\u00AD'].map(looks)).size).toBe(1);
    expect(looks('Ada Lovelace')).toBe(looks('Ada\u00A0 Lovelace'));
    expect(looks('می\u200Cخواهم')).toBe(looks('میخواهم'));
    expect(looks('Ada')).not.toBe(looks('Ada 2'));
  });
});

describe('names from strangers', () => {
  test.each([
    ['a way up', '../../etc/passwd', false, true],
    ['a NUL', 'a\u0000b', false, false],
    ['text turned around', 'a\u202Eb', false, false],
    ['a face', '😀', false, true],
    ['what objects are made of', '__proto__', false, true],
    ['ten megabytes of letters', 'x'.repeat(10 * 2 ** 20), false, false],
    ['ten megabytes of faces', '😀'.repeat(5 * 2 ** 19), false, false],
    ['megabytes of joined faces', '👩\u200D'.repeat(2 ** 20), false, false],
    ['as many joined faces as fit', '👩\u200D'.repeat(85), false, false],
    ['ten megabytes of marks to compose', `e${'\u0301'.repeat(5 * 2 ** 20)}`, false, false],
    ['plain letters', 'daily', true, true],
  ])('S13 with %s are taken or refused at once, for a room and for a person', (_, name, asRoom, asPerson) => {
    // Time on a core, not on the clock: others may be using it.
    const before = process.cpuUsage();
    expect(requestSchemas.join.safeParse({ room: name }).success).toBe(asRoom);
    expect(displayNameSchema.safeParse(name).success).toBe(asPerson);
    const credentials = { ...guest, displayName: name };
    expect(handshakeSchema.safeParse({ protocolVersion: PROTOCOL_VERSION, credentials }).success).toBe(asPerson);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(500);
  });

  test('S13 are no keys of what they are put into', () => {
    const settings = JSON.parse('{"__proto__":{"polluted":true},"language":"de"}');
    const { data } = requestSchemas.join.safeParse({ room: 'daily', settings });
    expect(data?.settings).toEqual({ language: 'de' });
    expect((data?.settings as { polluted?: boolean } | undefined)?.polluted).toBeUndefined();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('requestSchemas', () => {
  test('refuse keys that they do not know', () => {
    expect(requestSchemas.join.safeParse({ room: 'daily', role: 'admin' }).success).toBe(false);
    expect(requestSchemas.leave.safeParse({ now: true }).success).toBe(false);
  });

  test('bound afterSeq', () => {
    for (const afterSeq of [-1, 1.5, 2 ** 53, Number.NaN, '0']) {
      expect(requestSchemas.resumeTranscript.safeParse({ afterSeq }).success, String(afterSeq)).toBe(false);
    }
    expect(requestSchemas.resumeTranscript.safeParse({ afterSeq: 0 }).success).toBe(true);
  });

  test('ask a receiving transport for what the browser can receive', () => {
    expect(requestSchemas.createTransport.safeParse({ direction: 'send' }).success).toBe(true);
    expect(requestSchemas.createTransport.safeParse({ direction: 'recv' }).success).toBe(false);
    expect(
      requestSchemas.createTransport.safeParse({ direction: 'recv', rtpCapabilities: { codecs: [] } }).success,
    ).toBe(true);
  });
});

describe('settings on the wire', () => {
  const update = (settings: unknown, more: object = {}) =>
    requestSchemas.updateSettings.safeParse({ scope: 'room', settings, ...more }).success;

  test('are checked for their form: names, plain values, null to take one away', () => {
    expect(
      update({ beamSize: 5, language: 'de', words: false, hotWords: ['Ada'], prompt: null }, { mode: 'fast' }),
    ).toBe(true);
    expect(requestSchemas.join.safeParse({ room: 'daily', settings: { language: 'de' } }).success).toBe(true);
    // Nothing to fall back to before the join.
    expect(requestSchemas.join.safeParse({ room: 'daily', settings: { language: null } }).success).toBe(false);
    for (const settings of [
      null,
      [],
      'text',
      { nested: { a: 1 } },
      { beamSize: Number.NaN },
      { 'not a name': 1 },
      { Upper: 1 },
      { hotWords: [1] },
      { hotWords: [['Ada']] },
      JSON.parse('{"constructor": {}}'),
    ]) {
      expect(update(settings), JSON.stringify(settings)).toBe(false);
    }
  });

  test('bring no prototype along', () => {
    const settings = JSON.parse('{"__proto__": ["polluted"], "beamSize": 2}');
    const parsed = requestSchemas.updateSettings.parse({ scope: 'room', settings });
    expect(Object.getPrototypeOf(parsed.settings)).toBe(Object.prototype);
    expect(Object.keys(parsed.settings)).toEqual(['beamSize']);
  });

  test('are bounded in number and size', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, 1]));
    expect(update(many(64))).toBe(true);
    expect(update(many(65))).toBe(false);
    expect(update({ prompt: 'x'.repeat(2_001) })).toBe(false);
    expect(update({ hotWords: Array(501).fill('x') })).toBe(false);
    expect(update({ hotWords: ['x'.repeat(257)] })).toBe(false);
    expect(update({}, { mode: 'x'.repeat(65) })).toBe(false);
  });

  test('have the scopes participant and room, and no other', () => {
    expect(requestSchemas.updateSettings.safeParse({ scope: 'participant', settings: {} }).success).toBe(true);
    expect(requestSchemas.updateSettings.safeParse({ scope: 'deployment', settings: {} }).success).toBe(false);
    expect(requestSchemas.updateSettings.safeParse({ settings: {} }).success).toBe(false);
  });
});

describe('ParleyError', () => {
  test('brings its details along', () => {
    const details = { settings: [{ setting: 'beamSize', problem: 'too big' }] };
    const wire = new ParleyError('INVALID_SETTINGS', { details }).toWire();
    expect(ParleyError.fromWire(JSON.parse(JSON.stringify(wire))).details).toEqual(details);
    expect(new ParleyError('ROOM_FULL').toWire()).not.toHaveProperty('details');
  });

  test('survives the wire', () => {
    const error = ParleyError.fromWire(new ParleyError('ROOM_FULL', { retryAfterMs: 500 }).toWire());
    expect(error).toMatchObject({ code: 'ROOM_FULL', retryable: true, retryAfterMs: 500 });
    expect(error.message).toBe(ERROR_REGISTRY.ROOM_FULL.message);
  });

  test('has a sentence for every code', () => {
    for (const [code, { message }] of Object.entries(ERROR_REGISTRY)) expect(message, code).toMatch(/^[A-Z].*[.]$/);
  });
});
