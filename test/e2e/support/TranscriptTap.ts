import type { TranscriptEvent } from '@parley/demo';
import { expect } from 'vitest';

/** Records the reports of a listening player page. */
export class TranscriptTap {
  readonly events: TranscriptEvent[] = [];
  /** Pass it to the page as it is. */
  readonly onTranscript = (event: TranscriptEvent): void => {
    this.events.push(event);
  };

  /** Finals of a participant (by default of all), in the order of speaking. */
  finals(participantId?: string) {
    return this.events
      .flatMap((event) => (event.kind === 'updated' && event.segment.status === 'final' ? [event.segment] : []))
      .filter((segment) => participantId === undefined || segment.participantId === participantId)
      .sort((a, b) => a.startMs - b.startMs);
  }

  /** The joined texts of a participant's finals (by default of all). */
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
