import type { JoinResult, NotificationName, Notifications } from '@parley/client-sdk/protocol';
import type { BrowserContext, WebSocketRoute } from 'playwright-core';

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
  readonly #led = new Set<Led>();
  #cut = false;

  /** For pages that are opened from now on. */
  static async between(context: BrowserContext): Promise<PageWire> {
    const wire = new PageWire();
    await context.routeWebSocket(/\/socket\.io\//, (near) => wire.#lead(near));
    return wire;
  }

  /** Tells all pages something that the server did not say. */
  tell<Name extends NotificationName>(name: Name, payload: Notifications[Name]): void {
    for (const { near } of this.#led) near.send(`42${JSON.stringify([name, payload])}`);
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
      near.send(this.#answerOf(String(message)));
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
    const data = { ...answer.data, ...this.differing };
    this.meetingId = data.meetingId ?? '';
    return `${head}${JSON.stringify([{ ...answer, data }])}`;
  }
}
