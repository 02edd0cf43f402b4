import {
  type ConsentWording,
  type JoinResult,
  type NotTranscribedReason,
  ParleyError,
} from '@parley/client-sdk/protocol';
import type { NotTranscribed } from '@parley/media/node';
import type { Settings } from '../config/settings.js';

/** Choices of those who left are forgotten beyond this, the oldest first. */
const MOST_REMEMBERED = 10_000;

export interface OnRecordOptions {
  consent: {
    wording: ConsentWording;
    /** Whether only those who consent are transcribed. */
    required: boolean;
  };
  /** Of those who are there, nothing is forgotten. */
  isPresent: (participantId: string) => boolean;
}

/**
 * Who is transcribed in one meeting, and if not, why: the one place that decides it. A choice belongs to the participant and not to a track
 * or a connection, so that neither another track nor a reconnect changes it.
 */
export class OnRecord {
  readonly #options: OnRecordOptions;
  readonly #off = new Set<string>();
  readonly #consented = new Set<string>();
  #roomOff = false;
  #required: boolean;

  constructor(options: OnRecordOptions) {
    this.#options = options;
    this.#required = options.consent.required;
  }

  /** Empty for those who are transcribed. */
  reasonsAgainst(participantId: string): NotTranscribedReason[] {
    return [
      ...(this.#required && !this.#consented.has(participantId) ? (['noConsent'] as const) : []),
      ...(this.#off.has(participantId) ? (['offTheRecord'] as const) : []),
      ...(this.#roomOff ? (['roomOffTheRecord'] as const) : []),
    ];
  }

  /** What stands in the transcript for the time. */
  gapReasonOf(participantId: string): NotTranscribed | undefined {
    const [reason] = this.reasonsAgainst(participantId);
    return reason === 'roomOffTheRecord' ? 'offTheRecord' : reason;
  }

  /** What everybody sees of it. */
  shownOf(participantId: string): { notTranscribed?: NotTranscribedReason[] } {
    const reasons = this.reasonsAgainst(participantId);
    return reasons.length === 0 ? {} : { notTranscribed: reasons };
  }

  /** For the answer to `join`. */
  get shown(): Pick<JoinResult, 'roomOffTheRecord' | 'consent'> {
    return {
      roomOffTheRecord: this.#roomOff,
      ...(this.#required ? { consent: this.#options.consent.wording } : {}),
    };
  }

  get wording(): ConsentWording {
    return this.#options.consent.wording;
  }

  /** @returns whether that is a change */
  setOff({ participantId, on }: { participantId: string; on: boolean }): boolean {
    return on ? this.#remember(this.#off, participantId) : this.#off.delete(participantId);
  }

  /** @returns whether that is a change */
  setRoomOff(on: boolean): boolean {
    const changes = this.#roomOff !== on;
    this.#roomOff = on;
    return changes;
  }

  /** @returns whether that is new @throws ParleyError `CONSENT_OUTDATED`: that is not what the room asks */
  consent({ participantId, version }: { participantId: string; version: string }): boolean {
    if (version !== this.wording.version) throw new ParleyError('CONSENT_OUTDATED');
    return this.#remember(this.#consented, participantId);
  }

  /** @returns whether that is a change */
  withdraw(participantId: string): boolean {
    return this.#consented.delete(participantId);
  }

  /** For the rest of the meeting: nobody can take from others that they are asked. @returns whether that is a change */
  require(): boolean {
    const changes = !this.#required;
    this.#required = true;
    return changes;
  }

  /** @returns whether that is new */
  #remember(choices: Set<string>, participantId: string): boolean {
    if (choices.has(participantId)) return false;
    choices.add(participantId);
    if (choices.size > MOST_REMEMBERED) {
      for (const each of choices) {
        if (this.#options.isPresent(each) || each === participantId) continue;
        choices.delete(each);
        break;
      }
    }
    return true;
  }
}

/** Of a meeting that begins in a room. */
export function consentOf({ rooms, consent }: Settings, name: string): OnRecordOptions['consent'] {
  const { required, version, text } = consent;
  return {
    wording: { version, ...(text === undefined ? {} : { text }) },
    required: (Object.hasOwn(rooms, name) ? rooms[name]?.consentRequired : undefined) ?? required,
  };
}
