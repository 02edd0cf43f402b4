import { type Ack, PROTOCOL_VERSION, type RequestName, type SettingsView } from '@parley/client-sdk/protocol';
import { type Server, startServer } from '@parley/server';
import { pino } from 'pino';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, httpsGet } from '../support/httpsGet.js';

let server: Server;
const sockets: Socket[] = [];
beforeAll(async () => {
  server = await startServer({
    settings: {
      port: 0,
      media: { port: 0 },
      model: 'parley-nano',
      meetingEndDelayMs: 50,
      speech: { hotWords: ['Parley'] },
      rooms: { support: { mode: 'fast', speech: { endSilenceMs: 400, nameHotWords: true }, hotWords: ['Contoso'] } },
    },
    logger: pino({ level: 'silent' }),
  });
}, 60_000);
afterAll(() => server?.close());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

async function joined(options: { room: string; displayName?: string; settings?: object }): Promise<Socket> {
  const { room, displayName = 'Ada', settings } = options;
  const subject = `subject-${Math.random().toString(36).slice(2)}-abcdefgh`;
  const socket = io(server.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    rejectUnauthorized: false,
    auth: { protocolVersion: PROTOCOL_VERSION, credentials: { kind: 'guest', subject, displayName } },
  });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('connect_error', reject);
  });
  const answer = await ask(socket, 'join', settings === undefined ? { room } : { room, settings });
  if (!answer.ok) throw new Error(answer.error.code);
  return socket;
}

function ask(socket: Socket, name: RequestName, request: unknown): Promise<Ack<Record<string, unknown>>> {
  return socket.timeout(5_000).emitWithAck(name, request) as Promise<Ack<Record<string, unknown>>>;
}

async function viewOf(socket: Socket): Promise<SettingsView> {
  const answer = await ask(socket, 'getSettings', {});
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.data as unknown as SettingsView;
}

const next = (socket: Socket, name: string) =>
  new Promise<Record<string, unknown>>((resolve) => socket.once(name, resolve));

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return httpsGet(`${server.url}${path}`, headers);
}

describe('settings over the wire', () => {
  test('come in their layers, with descriptions, and know the names of those who are here', async () => {
    const ada = await joined({ room: 'support', settings: { language: 'de' } });
    const view = await viewOf(ada);
    expect(view).toMatchObject({
      mode: 'fast',
      room: { endSilenceMs: 400, language: 'auto', hotWords: ['Contoso', 'Parley', 'Ada'] },
      roomOverrides: {},
      participant: { language: 'de' },
      effective: { endSilenceMs: 400, language: 'de' },
      mayChangeRoom: true,
      descriptions: { beamSize: { min: 1, max: 8, class: 'live', type: 'integer' } },
    });
    expect(view.modes.map(({ name }) => name)).toEqual(['accurate', 'balanced', 'fast']);
    expect((await viewOf(await joined({ room: 'other' }))).mode).toBe('balanced');
  });

  test("a room's change reaches everybody, a participant's own nobody else", async () => {
    const ada = await joined({ room: 'change' });
    const ben = await joined({ room: 'change', displayName: 'Ben' });
    const told = next(ben, 'settingsChanged');
    const answer = await ask(ada, 'updateSettings', { scope: 'room', settings: { beamSize: 2 }, mode: 'accurate' });
    expect(answer).toMatchObject({
      ok: true,
      data: { mode: 'accurate', settings: { beamSize: 2, interimIntervalMs: 0 } },
    });
    expect(await told).toMatchObject({ scope: 'room', mode: 'accurate', settings: { beamSize: 2 } });
    const unheard: unknown[] = [];
    ben.on('settingsChanged', (each) => unheard.push(each));
    const own = next(ada, 'settingsChanged');
    await ask(ada, 'updateSettings', { scope: 'participant', settings: { wakePhrases: ['hey parley'] } });
    expect(await own).toMatchObject({ scope: 'participant', settings: { wakePhrases: ['hey parley'], beamSize: 2 } });
    expect(await viewOf(ben)).toMatchObject({ room: { wakePhrases: [] }, effective: { wakePhrases: [] } });
    expect(unheard).toEqual([]);
  });

  test('H10 of a room are for who moderates it: here who opened it, and not for who came later', async () => {
    const ada = await joined({ room: 'owned' });
    const eve = await joined({ room: 'owned', displayName: 'Eve' });
    const heard: unknown[] = [];
    ada.on('settingsChanged', (each) => heard.push(each));
    const attack = { wakeGate: false, prompt: 'I resign.', silenceLevelDb: -20 };
    const refused = await ask(eve, 'updateSettings', { scope: 'room', settings: attack });
    expect(refused).toMatchObject({ ok: false, error: { code: 'SETTINGS_FORBIDDEN' } });
    const problem = expect.stringContaining('belongs to each person');
    expect(await ask(ada, 'updateSettings', { scope: 'room', settings: attack })).toMatchObject({
      ok: false,
      error: {
        code: 'INVALID_SETTINGS',
        details: {
          settings: [
            { setting: 'wakeGate', problem },
            { setting: 'silenceLevelDb', problem },
          ],
        },
      },
    });
    expect(await viewOf(eve)).toMatchObject({ mayChangeRoom: false, roomOverrides: {}, room: { prompt: '' } });
    expect(heard).toEqual([]);
    const seen = next(eve, 'settingsChanged');
    await ask(ada, 'updateSettings', { scope: 'room', settings: { prompt: 'A review.' } });
    expect(await seen).toMatchObject({ changedBy: expect.stringMatching(/^p_/), changed: ['prompt'] });
  });

  test('are refused with the names of what is wrong and without its values', async () => {
    const ada = await joined({ room: 'refused' });
    const settings = { beamSize: 77, task: 'sing', prompt: 'fine' };
    const answer = await ask(ada, 'updateSettings', { scope: 'room', settings });
    if (answer.ok) throw new Error('it was taken');
    expect(answer.error).toMatchObject({ code: 'INVALID_SETTINGS', retryable: false });
    expect(answer.error.details?.settings?.map(({ setting }) => setting)).toEqual(['task', 'beamSize']);
    expect(JSON.stringify(answer.error)).not.toMatch(/77|sing/);
    expect((await viewOf(ada)).room.prompt).toBe('');
    const recording = await ask(ada, 'updateSettings', { scope: 'room', settings: {}, mode: 'recording' });
    expect(recording).toMatchObject({ ok: false, error: { code: 'INVALID_SETTINGS' } });
    await expect(joined({ room: 'refused', settings: { beamSize: 77 } })).rejects.toThrow('INVALID_SETTINGS');
  });

  test('are refused where the model does not know the language or the task, with what it knows, and nothing changes', async () => {
    const ada = await joined({ room: 'languages' });
    const ben = await joined({ room: 'languages', displayName: 'Ben' });
    const told: unknown[] = [];
    ben.on('settingsChanged', (each) => told.push(each));
    const sentence = 'The model parley-nano does not know the language it. It knows de, en, es, fr.';
    for (const scope of ['room', 'participant']) {
      const refused = await ask(ada, 'updateSettings', { scope, settings: { language: 'it', beamSize: 3 } });
      expect(refused).toMatchObject({
        ok: false,
        error: {
          code: 'INVALID_SETTINGS',
          retryable: false,
          message: sentence,
          details: { settings: [{ setting: 'language', problem: expect.stringContaining('de, en, es, fr') }] },
        },
      });
      const translated = await ask(ada, 'updateSettings', { scope, settings: { task: 'translate' } });
      expect(translated).toMatchObject({ ok: false, error: { details: { settings: [{ setting: 'task' }] } } });
    }
    await expect(joined({ room: 'languages', settings: { language: 'pt' } })).rejects.toThrow('INVALID_SETTINGS');
    expect(await viewOf(ada)).toMatchObject({
      room: { language: 'auto', task: 'transcribe', beamSize: 1 },
      roomOverrides: {},
      participant: {},
    });
    for (const language of ['auto', 'per-segment', 'de']) {
      const taken = await ask(ada, 'updateSettings', { scope: 'participant', settings: { language } });
      expect(taken).toMatchObject({ ok: true, data: { settings: { language } } });
    }
    expect(told).toEqual([]);
  });

  test('have languages that clients can read: after the join, and before it from the page', async () => {
    const languages = ['de', 'en', 'es', 'fr'];
    const { body } = await get('/api/identity');
    expect(JSON.parse(body)).toMatchObject({ model: { name: 'parley-nano', languages } });
    const ready = await get('/readyz');
    expect(JSON.parse(ready.body)).toMatchObject({ transcription: { model: { languages } } });
  });

  test('change ten times in ten seconds and no more, and the limit is each connection’s own', async () => {
    const ada = await joined({ room: 'often' });
    const ben = await joined({ room: 'often', displayName: 'Ben' });
    const change = (socket: Socket, beamSize: number) =>
      ask(socket, 'updateSettings', { scope: 'participant', settings: { beamSize } });
    for (let count = 0; count < 10; count++) expect((await change(ada, 1 + (count % 8))).ok).toBe(true);
    const refused = await change(ada, 1);
    expect(refused).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED', retryable: true } });
    expect(refused.ok ? 0 : refused.error.retryAfterMs).toBeGreaterThan(0);
    expect(refused.ok ? 0 : refused.error.retryAfterMs).toBeLessThanOrEqual(10_000);
    expect((await change(ben, 2)).ok).toBe(true);
    // Reading is not changing.
    expect((await viewOf(ada)).effective.beamSize).toBe(2);
  });

  test('reach a speaker in the middle of a meeting, whose books can be asked for', async () => {
    const ada = await joined({ room: 'books' });
    expect(await ask(ada, 'getLedger', {})).toEqual({ ok: true, data: { ledgers: [] } });
    const transport = await ask(ada, 'createTransport', { direction: 'send' });
    const produced = await ask(ada, 'produce', {
      transportId: transport.ok ? transport.data.transportId : '',
      track: 'microphone',
      paused: false,
      rtpParameters: {
        mid: '0',
        codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2, parameters: {} }],
        encodings: [{ ssrc: 4_711 }],
        rtcp: { cname: 'x' },
      },
    });
    expect(produced.ok).toBe(true);
    expect((await ask(ada, 'updateSettings', { scope: 'participant', settings: { language: 'de' } })).ok).toBe(true);
    expect((await ask(ada, 'subscribeDiagnostics', { on: true })).ok).toBe(true);
    const answer = await ask(ada, 'getLedger', {});
    expect(answer).toMatchObject({
      ok: true,
      data: { ledgers: [{ participantId: expect.stringMatching(/^p_/), track: 'microphone', ledger: { totalMs: 0 } }] },
    });
    expect(server.childPids.media).toHaveLength(1);
  });
});

describe('the HTTP side', () => {
  test('describes settings and modes without a join', async () => {
    const { status, body } = await get('/api/settings');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ mode: 'balanced', descriptions: { endSilenceMs: { unit: 'ms' } } });
    expect((await get('/api/settings', { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('has metrics for this machine, which name nobody', async () => {
    const displayName = 'Zebulon';
    await joined({ room: 'counted-room', displayName });
    const { status, body } = await get('/metrics');
    expect(status).toBe(200);
    expect(body).toMatch(/^parley_open\{what="rooms"\} [1-9]/m);
    expect(body).toMatch(/^parley_audio_ledger_ms\{class="total",reason=""\} /m);
    expect(body).toMatch(/^parley_load_level 0$/m);
    expect(body).not.toContain(displayName);
    expect(body).not.toContain('counted-room');
    expect((await get('/metrics', { host: 'evil.example' })).status).toBe(404);
    expect((await get('/metrics', { origin: server.url })).status).toBe(404);
  });
});
