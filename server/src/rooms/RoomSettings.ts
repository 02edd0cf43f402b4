import type { SettingsScope, SpeechSettingsPatch, SpeechOverrides as WireOverrides } from '@parley/client-sdk/protocol';
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
  /** Settings of the deployment. */
  deployment: { mode: ModeName; speech: SpeechOverrides };
  /** The model for finals: settings that it does not support are refused. */
  model: ModelProfile;
  /** This room's part of the settings file. */
  room?:
    | {
        mode?: ModeName | undefined;
        speech?: SpeechOverrides | undefined;
        hotWords?: readonly string[] | undefined;
      }
    | undefined;
}

/** Number of participants whose names may become hot words; the newest are kept. */
export const MAX_NAMES = 100;
/** Number of participants whose own settings are kept for a reconnect; the newest are kept. */
const MAX_PARTICIPANTS = 2_000;

/**
 * The speech settings of one meeting in layers: mode, deployment, the room's part of the file, changes in the meeting, the participant's
 * own. A change is accepted as a whole or refused.
 */
export class RoomSettings {
  readonly #options: RoomSettingsOptions;
  #mode: ModeName;
  /** Changes in the meeting, on top of the file. */
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

  /** Changes for the room in this meeting. */
  get roomOverrides(): SpeechOverrides {
    return { ...this.#room };
  }

  /** Settings for participants without their own. */
  get resolved(): SpeechSettings {
    return this.#resolve({ mode: this.#mode, room: this.#room });
  }

  /** The participant's own changes. */
  own(participantId: string): SpeechOverrides {
    return { ...this.#participants.get(participantId) };
  }

  hasOwn(participantId: string): boolean {
    return this.#participants.has(participantId);
  }

  /** Settings in effect for this participant. */
  effective(participantId: string): SpeechSettings {
    return this.#resolve({ mode: this.#mode, room: this.#room, own: this.#participants.get(participantId) });
  }

  /** Settings in effect for this participant if they have their own; undefined: the room's. */
  ownEffective(participantId: string): SpeechSettings | undefined {
    return this.hasOwn(participantId) ? this.effective(participantId) : undefined;
  }

  /** @throws ParleyError `INVALID_SETTINGS`, also for settings that belong to each person */
  changeRoom(change: { settings: SpeechSettingsPatch; mode?: string | undefined }): void {
    const mode = change.mode === undefined ? this.#mode : checkedMode(change.mode);
    const room = patched(this.#room, change.settings, 'room');
    refuseImpossible(this.#resolve({ mode, room }), this.#options.model);
    this.#mode = mode;
    this.#room = room;
  }

  /** @throws ParleyError `INVALID_SETTINGS` */
  changeParticipant(change: { participantId: string; settings: SpeechSettingsPatch }): void {
    this.#setOwn(change.participantId, patched(this.own(change.participantId), change.settings, 'participant'));
  }

  /** Replaces all of the participant's own settings. @throws ParleyError `INVALID_SETTINGS` */
  replaceParticipant(change: { participantId: string; settings: WireOverrides }): void {
    this.#setOwn(change.participantId, patched({}, change.settings, 'participant'));
  }

  forgetParticipant(participantId: string): void {
    this.#participants.delete(participantId);
  }

  /** Names of those who are present, the newest last; hot words where `nameHotWords` asks for them. @returns whether they are others */
  setNames(displayNames: readonly string[]): boolean {
    const names = [...new Set(displayNames.map((name) => name.trim()).filter((name) => name !== ''))].slice(-MAX_NAMES);
    if (names.length === this.#names.length && names.every((name, index) => name === this.#names[index])) return false;
    this.#names = names;
    return true;
  }

  #setOwn(participantId: string, own: SpeechOverrides): void {
    refuseImpossible(this.#resolve({ mode: this.#mode, room: this.#room, own }), this.#options.model);
    // Removed and added, so that the last changed is the last to be dropped.
    this.#participants.delete(participantId);
    if (Object.keys(own).length === 0) return;
    this.#participants.set(participantId, own);
    const [oldest] = this.#participants.keys();
    if (this.#participants.size > MAX_PARTICIPANTS && oldest !== undefined) this.#participants.delete(oldest);
  }

  #resolve(layers: { mode: ModeName; room: SpeechOverrides; own?: SpeechOverrides | undefined }): SpeechSettings {
    const { deployment, room } = this.#options;
    const overrides: SpeechOverrides[] = [
      deployment.speech,
      { ...room?.speech, hotWords: [...(room?.hotWords ?? []), ...(room?.speech?.hotWords ?? [])] },
      layers.room,
      layers.own ?? {},
    ];
    const resolved = resolveSpeechSettings(layers.mode, ...overrides);
    if (!resolved.nameHotWords) return resolved;
    return resolveSpeechSettings(layers.mode, { hotWords: this.#names.toReversed() }, ...overrides);
  }
}

/** Applies a change to a layer; null removes a value. @throws ParleyError `INVALID_SETTINGS` */
function patched(layer: SpeechOverrides, change: SpeechSettingsPatch, scope: SettingsScope): SpeechOverrides {
  const result: Record<string, unknown> = { ...layer, ...checkedPatch(change, scope) };
  for (const [name, value] of Object.entries(result)) if (value === undefined) delete result[name];
  return result as SpeechOverrides;
}
