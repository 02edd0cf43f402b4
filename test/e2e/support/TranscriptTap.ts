import type { TranscriptEvent } from '@parley/demo';
import { expect } from 'vitest';

/** Keeps what a listening player page reports. */
export class TranscriptTap {
  readonly events: TranscriptEvent[] = [];
  /** To be given to the page as it is. */
  readonly onTranscript = (event: TranscriptEvent): void => {
    this.events.push(event);
  };

  /** Finals of a participant (of all without one), in the order of speaking. */
  finals(participantId?: string) {
    return this.events
      .flatMap((event) => (event.kind === 'updated' && event.segment.status === 'final' ? [event.segment] : []))
      .filter((segment) => participantId === undefined || segment.participantId === participantId)
      .sort((a, b) => a.startMs - b.startMs);
  }

  /** What the finals of a participant (of all without one) say in a row. */
  text(participantId?: string): string {
    return this.finals(participantId)
      .map(({ text }) => text)
      .join(' ');
  }

  /** Waits until that many participants have a final. */
  async speakersWithFinals(count: number, timeoutMs: number): Promise<void> {
    await expect
      .poll(() => new Set(this.finals().map(({ participantId }) => participantId)).size, { timeout: timeoutMs })
      .toBe(count);
  }
}
