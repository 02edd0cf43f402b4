import type { MediaNode, PipelineEvent, RoomPipeline, SfuRoom } from '@parley/media/node';
import { fakeMediaNode, fakePipeline, fakeSfuRoom, hypothesisOf } from '@parley/media/testing';

/** A pipeline's event without room and speaker, who are known. */
type Said = PipelineEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'meetingId' | 'trackId'>
    : never
  : never;

interface Listener {
  onEvent: (event: PipelineEvent) => void;
  /** Keyed by participant. */
  speakers: Map<string, string>;
}

const UTTERANCE_MS = 1_000;

/**
 * A media node without audio: transports and producers are accepted and carry nothing, and words come from the test instead of a
 * recogniser. Everything behind it (rooms, transcript, sockets, identities) is real, starts at once and takes input at full speed.
 */
export class ScriptedMedia {
  readonly #listeners = new Set<Listener>();
  #ids = 0;
  #said = 0;

  /** For `startServer({ media })`. */
  get node(): MediaNode {
    return fakeMediaNode({
      createSfuRoom: async () => this.#sfuRoom(),
      createPipeline: ({ onEvent }) => this.#pipeline(onEvent),
    });
  }

  /**
   * Emits a participant's finals, one second each, one after the other; `text` gives the words of each.
   * @returns the texts
   */
  sayFinals(participantId: string, options: { count: number; text?: (index: number) => string }): string[] {
    const { count, text = (index) => `final ${index} of ${participantId}` } = options;
    const texts = Array.from({ length: count }, (_, index) => text(index));
    for (const each of texts) this.#sayText(participantId, { type: 'final', text: each, id: `s${this.#said++}` });
    return texts;
  }

  /** An interim without a final: the same segment goes on and on. */
  sayInterim(participantId: string, options: { id: string; revision: number; text: string }): void {
    this.#sayText(participantId, { type: 'interimUpdated', ...options });
  }

  #sayText(
    participantId: string,
    said: { type: 'interimUpdated' | 'final'; text: string; id: string; revision?: number },
  ): void {
    const startMs = this.#said * UTTERANCE_MS;
    const segment = { id: said.id, startMs, endMs: startMs + UTTERANCE_MS, revision: said.revision ?? 1_000_000 };
    const hypothesis = hypothesisOf(said.text);
    this.#tell(
      participantId,
      (said.type === 'final'
        ? { type: 'final', segment, hypothesis, committedCorrections: 0 }
        : { type: 'interimUpdated', segment, hypothesis, stableLength: 0 }) as Said,
    );
  }

  #tell(participantId: string, said: Said): void {
    for (const { onEvent, speakers } of this.#listeners) {
      const trackId = speakers.get(participantId);
      if (trackId !== undefined) onEvent({ meetingId: 'scripted', trackId, ...said } as PipelineEvent);
    }
  }

  #newId(kind: string): string {
    this.#ids += 1;
    return `${kind}${this.#ids}`;
  }

  #sfuRoom(): SfuRoom {
    const transports = new Map<string, ReturnType<SfuRoom['transportsOf']>>();
    return fakeSfuRoom({
      transportsOf: (ownerId) => transports.get(ownerId) ?? [],
      createTransport: async ({ ownerId, direction }) => {
        const transport = { transportId: this.#newId('transport'), direction };
        transports.set(ownerId, [...(transports.get(ownerId) ?? []), transport]);
        return {
          transportId: transport.transportId,
          iceParameters: { usernameFragment: '', password: '' },
          iceCandidates: [],
          dtlsParameters: { fingerprints: [] },
        };
      },
      produce: async () => ({ producerId: this.#newId('producer') }),
      closeOwner: (ownerId) => void transports.delete(ownerId),
    });
  }

  #pipeline(onEvent: Listener['onEvent']): RoomPipeline {
    const listener: Listener = { onEvent, speakers: new Map() };
    return fakePipeline({
      open: async () => void this.#listeners.add(listener),
      close: async () => void this.#listeners.delete(listener),
      addTrack: async ({ trackId, participantId }) => void listener.speakers.set(participantId, trackId),
      removeTrack: async (trackId) => {
        for (const [participantId, each] of listener.speakers) {
          if (each === trackId) listener.speakers.delete(participantId);
        }
      },
    });
  }
}
