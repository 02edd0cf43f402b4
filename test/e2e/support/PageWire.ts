import type { NotificationName, Notifications } from '@parley/client-sdk/protocol';
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
      this.#noteAnswer(String(message));
      near.send(message);
    });
  }

  #note(message: string): void {
    const [, event] = /^42\d*(\[.*\])$/s.exec(message) ?? [];
    if (event === undefined) return;
    const [name, request] = JSON.parse(event) as [string, unknown];
    this.requests.push({ name, request });
  }

  #noteAnswer(message: string): void {
    const [, answers] = /^43\d*(\[.*\])$/s.exec(message) ?? [];
    if (answers === undefined) return;
    const [answer] = JSON.parse(answers) as [{ data?: { meetingId?: string } }];
    this.meetingId = answer.data?.meetingId ?? this.meetingId;
  }
}
