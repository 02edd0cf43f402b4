import type { ParleyClientEvents } from './clientEvents.js';
import type { ParticipantLedger, RequestName, RequestOf, ResponseOf } from './protocol/index.js';
import { TypedEmitter } from './TypedEmitter.js';

/** What a client in a room can ask of the server: settings, the audio ledger, moderation. Each method is one request. */
export abstract class RoomRequests extends TypedEmitter<ParleyClientEvents> {
  /** @internal Sends a request over the current connection. @throws ParleyError, as a rejection: the server's error, or that of the connection */
  protected abstract request<N extends RequestName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>>;

  /**
   * Returns the current settings: the room's, this participant's own, and the available choices.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  getSettings(): Promise<ResponseOf<'getSettings'>> {
    return this.request('getSettings', {});
  }

  /**
   * Changes settings during a meeting; `null` returns a setting to the inherited value.
   *
   * @example
   * await client.updateSettings({ scope: 'participant', settings: { language: 'de', wakePhrases: ['hey parley'] } });
   *
   * @throws ParleyError, as a rejection: `INVALID_SETTINGS` (`details.settings` says which and why), `SETTINGS_FORBIDDEN`,
   * `RATE_LIMITED`, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  updateSettings(change: RequestOf<'updateSettings'>): Promise<ResponseOf<'updateSettings'>> {
    return this.request('updateSettings', change);
  }

  /**
   * Returns what became of every millisecond of everyone's audio.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async getLedger(): Promise<ParticipantLedger[]> {
    return (await this.request('getLedger', {})).ledgers;
  }

  /**
   * Mutes a participant, who cannot unmute until `liftMute`. For moderators, like the next eleven methods.
   * @throws ParleyError, as a rejection: `FORBIDDEN`, `PARTICIPANT_NOT_FOUND`, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async muteParticipant(participantId: string): Promise<void> {
    await this.request('muteParticipant', { participantId });
  }

  /** Allows a participant whom a moderator muted to unmute again. @throws ParleyError as `muteParticipant` */
  async liftMute(participantId: string): Promise<void> {
    await this.request('liftMute', { participantId });
  }

  /**
   * Removes a participant for the rest of the meeting. A guest with another name has to be admitted; see also `renewRoomSecret`.
   * @throws ParleyError as `muteParticipant`
   */
  async removeParticipant(participantId: string): Promise<void> {
    await this.request('removeParticipant', { participantId });
  }

  /** Locks or unlocks the room for others. @throws ParleyError as `muteParticipant` */
  async setRoomLocked(locked: boolean): Promise<void> {
    await this.request('setRoomLocked', { locked });
  }

  /** Admits a participant who waits. @throws ParleyError as `muteParticipant` */
  async admitParticipant(participantId: string): Promise<void> {
    await this.request('admitParticipant', { participantId });
  }

  /** Refuses a participant who waits. @throws ParleyError as `muteParticipant` */
  async refuseParticipant(participantId: string): Promise<void> {
    await this.request('refuseParticipant', { participantId });
  }

  /** Whether newcomers wait to be admitted; switched off, it admits those who wait. @throws ParleyError as `muteParticipant` */
  async setWaitingRoom(on: boolean): Promise<void> {
    await this.request('setWaitingRoom', { on });
  }

  /**
   * Makes a secret that guests need to join this meeting from now on, e.g. after a removal; those who are in do not. An earlier one ends.
   * @throws ParleyError as `muteParticipant`
   */
  async renewRoomSecret(): Promise<string> {
    return (await this.request('renewRoomSecret', {})).roomSecret;
  }

  /**
   * Deletes everything that was said so far, for everyone and for good. Sentences that have begun are deleted, too.
   * @throws ParleyError as `muteParticipant`; `INTERNAL` if the server could not delete it
   */
  async deleteTranscript(): Promise<void> {
    await this.request('deleteTranscript', {});
  }

  /**
   * Pauses the transcription of everyone, or continues it. Holds for those who join later; what individuals chose with `setOffTheRecord` stays.
   * @throws ParleyError as `muteParticipant`; `RATE_LIMITED` if it is continued too often
   */
  async setRoomOffTheRecord(on: boolean): Promise<void> {
    await this.request('setRoomOffTheRecord', { on });
  }

  /** From now on, only those who consent are transcribed. It holds for the rest of the meeting. @throws ParleyError as `muteParticipant` */
  async requireConsent(): Promise<void> {
    await this.request('requireConsent', {});
  }

  /** Ends the meeting for everyone. @throws ParleyError as `muteParticipant` */
  async endMeeting(): Promise<void> {
    await this.request('endMeeting', {});
  }

  /**
   * Asks the moderators to lift their mute, or takes that back. Everyone sees it (`Participant.asksToSpeak`). No effect for participants
   * whom no moderator muted.
   * @throws ParleyError, as a rejection: `FORBIDDEN`, `RATE_LIMITED`, `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async askToSpeak(on = true): Promise<void> {
    await this.request('askToSpeak', { on });
  }

  /**
   * Turns the frequent activities (`stabilized`, `audioRecorded`) on or off. Off at first, and again after a reconnect.
   * @throws ParleyError, as a rejection: `NOT_JOINED`, `REQUEST_TIMEOUT`, `CONNECTION_LOST`
   */
  async subscribeDiagnostics(on: boolean): Promise<void> {
    await this.request('subscribeDiagnostics', { on });
  }
}
