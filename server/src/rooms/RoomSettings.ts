import type { SpeechSettingsPatch, SpeechOverrides as WireOverrides } from '@parley/client-sdk/protocol';
import {
  type ModelProfile,
  type ModeName,
  resolveSpeechSettings,
  type SpeechOverrides,
  type SpeechSettings,
} from '@parley/media/settings';
import type { Settings } from '../config/settings.js';
import { checkedMode, checkedPatch, refuseImpossible } from '../config/speechSettings.js';

export interface RoomSettingsOptions {
  /** What holds everywhere unless a room says otherwise. */
  deployment: { mode: ModeName; speech: SpeechOverrides };
  /** Of finals: what it cannot do is refused. */
  model: ModelProfile;
  /** What the settings file has for this room. */
  room?:
    | {
        mode?: ModeName | undefined;
        speech?: SpeechOverrides | undefined;
        hotWords?: readonly string[] | undefined;
      }
    | undefined;
}

/** Names of participants that become hot words; the newest are kept. */
export const MAX_NAMES = 100;
/** Participants whose own settings are remembered, so that they hold after a reconnect; the newest are kept. */
const MAX_PARTICIPANTS = 2_000;

/**
 * The speech settings of one meeting in their layers: mode, deployment, the room's part of the file, what was changed in the
 * meeting, what a participant set for themself. A change is taken as a whole or not at all.
 */
export class RoomSettings {
  readonly #options: RoomSettingsOptions;
  #mode: ModeName;
  /** Changed in the meeting, over what the file says. */
  #room: SpeechOverrides = {};
  readonly #participants = new Map<string, SpeechOverrides>();
  #names: string[] = [];

  constructor(options: RoomSettingsOptions) {
    this.#options = options;
    this.#mode = options.room?.mode ?? options.deployment.mode;
  }

  /** Of a meeting that begins in a room, by the deployment's settings. */
  static of(options: { settings: Settings; model: ModelProfile; room: string }): RoomSettings {
    const { settings, model, room } = options;
    return new RoomSettings({
      deployment: { mode: settings.mode, speech: settings.speech },
      model,
      room: Object.hasOwn(settings.rooms, room) ? settings.rooms[room] : undefined,
    });
  }

  get mode(): ModeName {
    return this.#mode;
  }

  /** What was changed for the room in this meeting. */
  get roomOverrides(): SpeechOverrides {
    return { ...this.#room };
  }

  /** What holds for everybody without settings of their own. */
  get resolved(): SpeechSettings {
    return this.#resolve({ mode: this.#mode, room: this.#room });
  }

  /** What this participant has set for themself. */
  own(participantId: string): SpeechOverrides {
    return { ...this.#participants.get(participantId) };
  }

  hasOwn(participantId: string): boolean {
    return this.#participants.has(participantId);
  }

  /** What holds for this participant. */
  effective(participantId: string): SpeechSettings {
    return this.#resolve({ mode: this.#mode, room: this.#room, own: this.#participants.get(participantId) });
  }

  /** What holds for this participant where they have set something for themself; undefined: what holds for the room. */
  ownEffective(participantId: string): SpeechSettings | undefined {
    return this.hasOwn(participantId) ? this.effective(participantId) : undefined;
  }

  /** @throws ParleyError `INVALID_SETTINGS` */
  changeRoom(change: { settings: SpeechSettingsPatch; mode?: string | undefined }): void {
    const mode = change.mode === undefined ? this.#mode : checkedMode(change.mode);
    const room = patched(this.#room, change.settings);
    refuseImpossible(this.#resolve({ mode, room }), this.#options.model);
    this.#mode = mode;
    this.#room = room;
  }

  /** @throws ParleyError `INVALID_SETTINGS` */
  changeParticipant(change: { participantId: string; settings: SpeechSettingsPatch }): void {
    this.#setOwn(change.participantId, patched(this.own(change.participantId), change.settings));
  }

  /** In place of all that the participant had set. @throws ParleyError `INVALID_SETTINGS` */
  replaceParticipant(change: { participantId: string; settings: WireOverrides }): void {
    this.#setOwn(change.participantId, patched({}, change.settings));
  }

  forgetParticipant(participantId: string): void {
    this.#participants.delete(participantId);
  }

  /** Whose names the recogniser is to expect, the newest last. @returns whether that changes anything */
  setNames(displayNames: readonly string[]): boolean {
    const names = [...new Set(displayNames.map((name) => name.trim()).filter((name) => name !== ''))].slice(-MAX_NAMES);
    if (names.length === this.#names.length && names.every((name, index) => name === this.#names[index])) return false;
    this.#names = names;
    return true;
  }

  #setOwn(participantId: string, own: SpeechOverrides): void {
    refuseImpossible(this.#resolve({ mode: this.#mode, room: this.#room, own }), this.#options.model);
    // Anew, so that the one changed last is the last to be forgotten.
    this.#participants.delete(participantId);
    if (Object.keys(own).length === 0) return;
    this.#participants.set(participantId, own);
    const [oldest] = this.#participants.keys();
    if (this.#participants.size > MAX_PARTICIPANTS && oldest !== undefined) this.#participants.delete(oldest);
  }

  #resolve(layers: { mode: ModeName; room: SpeechOverrides; own?: SpeechOverrides | undefined }): SpeechSettings {
    const { deployment, room } = this.#options;
    return resolveSpeechSettings(
      layers.mode,
      { hotWords: this.#names.toReversed() },
      deployment.speech,
      { ...room?.speech, hotWords: [...(room?.hotWords ?? []), ...(room?.speech?.hotWords ?? [])] },
      layers.room,
      layers.own ?? {},
    );
  }
}

/** A layer with a change put over it: null takes a value away. @throws ParleyError `INVALID_SETTINGS` */
function patched(layer: SpeechOverrides, change: SpeechSettingsPatch): SpeechOverrides {
  const result: Record<string, unknown> = { ...layer, ...checkedPatch(change) };
  for (const [name, value] of Object.entries(result)) if (value === undefined) delete result[name];
  return result as SpeechOverrides;
}
