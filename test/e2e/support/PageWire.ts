import type {
  CommittedSegment,
  JoinResult,
  NotificationName,
  Notifications,
  ServerIdentity,
  TranscriptionStatus,
} from '@parley/client-sdk/protocol';
import type { BrowserContext, WebSocketRoute } from 'playwright-core';

/** A published model, about which a page has nothing to warn. */
export const ORDINARY_MODEL: TranscriptionStatus['model'] = { name: 'base-q8_0', demo: false, source: 'download' };

interface Led {
  near: WebSocketRoute;
  far: WebSocketRoute;
}

/** The messages between the pages of a context and the server: they can be read, added to, and cut. Media are not affected. */
export class PageWire {
  /** The pages' requests, oldest first. */
  readonly requests: { name: string; request: unknown }[] = [];
  /** The meeting that was joined last; empty before. */
  meetingId = '';
  /** Changes to the server's answers to a join, from now on. */
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
   * @param options.model replaces the server's model wherever it is named; default: no change
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

  /** Sends all pages a notification that did not come from the server. */
  tell<Name extends NotificationName>(name: Name, payload: Notifications[Name]): void {
    for (const { near } of this.#led) near.send(`42${JSON.stringify([name, payload])}`);
  }

  /** Sends all pages the next entry of a meeting without speech. */
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

  /** Ends all connections, and lets no new ones through until `mend`. */
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

  /** A message as the page gets it: a changed answer to a join, if wanted; everything else as it is. */
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

  /** The same for notifications: another model, if wanted. */
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
