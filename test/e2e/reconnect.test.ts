import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';
import { TranscriptTap } from './support/TranscriptTap.js';

const CUT_MS = 1_500;
const RECOVERY_MS = 6_500;
const FINALS_TIMEOUT_MS = 30_000;

/** A network between browsers and server that can be cut; media go their own way. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #open = true;

  port = 0;

  constructor() {
    this.#server = createServer((near) => {
      if (!this.#open) return near.destroy();
      const far = connect(this.port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#open = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#open = true;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

let stage: Stage;
let wire: Wire;
let serverUrl: string;
beforeAll(async () => {
  wire = new Wire();
  serverUrl = `https://127.0.0.1:${await wire.listen()}`;
  stage = await Stage.create({ origins: [serverUrl] });
  wire.port = Number(new URL(stage.url).port);
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(async () => {
  wire?.close();
  await stage?.close();
});

describe('a meeting whose connections are cut', () => {
  it('goes on by itself, heard and written down, without a word lost', async () => {
    const browser = await stage.launch();
    const room = 'reconnect';
    const tap = new TranscriptTap();
    const listener = await PlayerPage.create({ browser, serverUrl, onTranscript: tap.onTranscript });
    await listener.joinAsListener({ displayName: 'Listener', room });
    const speaker = await PlayerPage.create({ browser, serverUrl, audioFile: SPEECH.contract.file });
    await speaker.joinAsSpeaker({ displayName: 'Ada', room });
    wire.cut();
    setTimeout(() => wire.mend(), CUT_MS);
    const { startedAtMs } = await speaker.startAt(Date.now() + CUT_MS + RECOVERY_MS);
    await speaker.ended();
    stage.played({ ms: Date.now() - startedAtMs });
    await expect
      .poll(() => wordEdits(wordsOf(SPEECH.contract.text), wordsOf(tap.text())), { timeout: FINALS_TIMEOUT_MS })
      .toBeLessThan(3);
    const { packets } = await listener.received();
    expect(packets).toBeGreaterThan(0);
    await browser.close();
  }, 120_000);
});
