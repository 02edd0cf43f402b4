import type { TrackEvent, TrackState } from '../contract/messages.js';

export interface TrackStatusOptions {
  /** Milliseconds of the meeting. */
  now: () => number;
  onEvent: (event: Extract<TrackEvent, { type: 'trackStateChanged' | 'trackActivity' }>) => void;
}

/** The state of a track: reports each change once, and when the server starts or stops listening. */
export class TrackStatus {
  readonly #options: TrackStatusOptions;
  #state: TrackState = 'inactive';

  constructor(options: TrackStatusOptions) {
    this.#options = options;
  }

  get state(): TrackState {
    return this.#state;
  }

  change(state: TrackState): void {
    const before = this.#state;
    if (state === before) return;
    const { now, onEvent } = this.#options;
    const atMs = now();
    this.#state = state;
    onEvent({ type: 'trackStateChanged', state });
    if (before === 'listening') onEvent({ type: 'trackActivity', activity: { type: 'listeningStopped', atMs } });
    if (state === 'listening') onEvent({ type: 'trackActivity', activity: { type: 'listeningStarted', atMs } });
  }
}
