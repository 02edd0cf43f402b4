import type {
  CommittedSegment,
  JoinResult,
  NotificationName,
  Notifications,
  ServerIdentity,
  TranscriptionStatus,
} from '@parley/client-sdk/protocol';
import type { BrowserContext, WebSocketRoute } from 'playwright-core';

/** A published model, of which there is nothing that a page has to warn of. */
export const ORDINARY_MODEL: TranscriptionStatus['model'] = { name: 'base-q8_0', demo: false, source: 'download' };

interface Led {
  near: WebSocketRoute;
  far: WebSocketRoute;
}

/** What the pages of a context and the server tell each other: it can be read, added to, and cut. Media go their own way. */
export class PageWire {
  /** What pages have asked for, oldest first: names with what they asked. */
  readonly requests: { name: string; request: unknown }[] = [];
  /** Of the meeting that was joined last; empty before. */
  meetingId = '';
  /** Puts these into what the server answers to a join, from now on. */
  differing: Partial<JoinResult> = {};
  readonly #model: TranscriptionStatus['model'] | undefined;
  readonly #led = new Set<Led>();
  #cut = false;

  private constructor(model: TranscriptionStatus['model'] | undefined) {
    this.#model = model;
  }

  /**
   * For pages that are opened from now on.
   *
   * @param options.model what they hear that the server's model is, wherever it is named; default: what it is
   */
  static async between(
    context: BrowserContext,
    { model }: { model?: TranscriptionStatus['model'] } = {},
  ): Promise<PageWire> {
    const wire = new PageWire(model);
    await context.routeWebSocket(/\/socket\.io\//, (near) => wire.#lead(near));
    if (model !== undefined) {
      await context.route('**/api/identity', async (route) => {
        const response = await route.fetch();
        const identity = (await response.json()) as ServerIdentity;
        await route.fulfill({ response, json: { ...identity, model } });
      });
    }
    return wire;
  }

  /** Tells all pages something that the server did not say. */
  tell<Name extends NotificationName>(name: Name, payload: Notifications[Name]): void {
    for (const { near } of this.#led) near.send(`42${JSON.stringify([name, payload])}`);
  }

  /** Tells all pages the next entry of a meeting in which nobody has said anything. */
  tellEntry({ seq, ...differing }: Partial<CommittedSegment> & { seq: number }): void {
    const segment: CommittedSegment = {
      id: `told-${seq}`,
      meetingId: this.meetingId,
      participantId: 'p_told',
      displayName: 'Grace',
      track: 'microphone',
      startMs: seq * 2_000,
      endMs: seq * 2_000 + 1_500,
      text: `Sentence number ${seq}.`,
      language: 'en',
      confidence: 1,
      revision: 1,
      status: 'final',
      seq,
      ...differing,
    };
    this.tell('segmentCommitted', { segment });
  }

  /** Ends all connections, and lets nobody through until `mend`. */
  async cut(): Promise<void> {
    this.#cut = true;
    const led = [...this.#led];
    this.#led.clear();
    await Promise.all(led.flatMap(({ near, far }) => [near.close(), far.close()]));
  }

  mend(): void {
    this.#cut = false;
  }

  #lead(near: WebSocketRoute): void {
    if (this.#cut) {
      void near.close();
      return;
    }
    const far = near.connectToServer();
    this.#led.add({ near, far });
    near.onMessage((message) => {
      this.#note(String(message));
      far.send(message);
    });
    far.onMessage((message) => {
      near.send(this.#newsOf(this.#answerOf(String(message))));
    });
  }

  #note(message: string): void {
    const [, event] = /^42\d*(\[.*\])$/s.exec(message) ?? [];
    if (event === undefined) return;
    const [name, request] = JSON.parse(event) as [string, unknown];
    this.requests.push({ name, request });
  }

  /** What the page gets to hear of a message: another answer to a join, if wanted; everything else as it is. */
  #answerOf(message: string): string {
    const [, head, answers] = /^(43\d*)(\[.*\])$/s.exec(message) ?? [];
    if (answers === undefined) return message;
    const [answer] = JSON.parse(answers) as [{ data?: Partial<JoinResult> }];
    if (answer.data?.meetingId === undefined) return message;
    const { transcription } = answer.data;
    const named = transcription === undefined ? {} : { transcription: this.#named(transcription) };
    const data = { ...answer.data, ...named, ...this.differing };
    this.meetingId = data.meetingId ?? '';
    return `${head}${JSON.stringify([{ ...answer, data }])}`;
  }

  /** The same of what the server says by itself: another model, if wanted. */
  #newsOf(message: string): string {
    const prefix = '42["transcriptionChanged",';
    if (!message.startsWith(prefix)) return message;
    const [name, { transcription }] = JSON.parse(message.slice(2)) as [string, Notifications['transcriptionChanged']];
    return `42${JSON.stringify([name, { transcription: this.#named(transcription) }])}`;
  }

  #named(transcription: TranscriptionStatus): TranscriptionStatus {
    return this.#model === undefined ? transcription : { ...transcription, model: this.#model };
  }
}
