import { namesInChange } from '../config/speechSettings.js';
import type { Connection } from './Connection.js';
import type { RequestHandlers } from './handleRequest.js';

const NOTHING = {} as Record<string, never>;

/** In the order in which a client sends these requests. */
export const requestHandlers: RequestHandlers<Connection> = {
  join(connection, request) {
    return connection.join(request);
  },

  leave(connection) {
    if (!connection.stopWaiting()) {
      connection.member();
      connection.leaveRoom({ reason: 'left' });
    }
    return NOTHING;
  },

  refreshToken(connection, { token }) {
    return connection.refreshToken(token);
  },

  createTransport(connection, request) {
    const { room, peer } = connection.member(request.direction === 'send' ? 'speak' : 'listen');
    return room.createTransport(peer, request);
  },

  async connectTransport(connection, request) {
    const { room, peer } = connection.member();
    await room.connectTransport(peer, request);
    return NOTHING;
  },

  restartIce(connection, { transportId }) {
    const { room, peer } = connection.member();
    return room.restartIce(peer, transportId);
  },

  produce(connection, request) {
    const { room, peer } = connection.member('speak');
    return room.produce(peer, request);
  },

  async pauseProducer(connection, { producerId }) {
    const { room, peer } = connection.member();
    await room.setProducerPaused(peer, { producerId, paused: true });
    return NOTHING;
  },

  async resumeProducer(connection, { producerId }) {
    const { room, peer } = connection.member('speak');
    await room.setProducerPaused(peer, { producerId, paused: false });
    return NOTHING;
  },

  async closeProducer(connection, { producerId }) {
    const { room, peer } = connection.member();
    await room.closeProducer(peer, producerId);
    return NOTHING;
  },

  async resumeConsumer(connection, { consumerId }) {
    const { room, peer } = connection.member('listen');
    await room.resumeConsumer(peer, consumerId);
    return NOTHING;
  },

  resumeTranscript(connection, { afterSeq }) {
    const { room, peer } = connection.member('readTranscript');
    return room.readers.page(peer, afterSeq);
  },

  getSettings(connection) {
    const { room, peer } = connection.member();
    return room.settingsFor(peer);
  },

  updateSettings(connection, request) {
    const { room, peer } = connection.member();
    connection.admitChangeOfSettings();
    const answer = room.updateSettings(peer, request);
    if (request.scope === 'room') connection.roomSettingsChanged(namesInChange(request));
    return answer;
  },

  async getLedger(connection) {
    return { ledgers: await connection.member('readTranscript').room.ledgers() };
  },

  async muteParticipant(connection, { participantId }) {
    const { room } = connection.member('moderate');
    const muted = room.mute(participantId);
    // It holds from here on, whatever becomes of their media.
    connection.moderated({ action: 'mute', of: participantId });
    await muted;
    return NOTHING;
  },

  removeParticipant(connection, { participantId }) {
    const { room } = connection.member('moderate');
    room.remove(participantId);
    connection.moderated({ action: 'remove', of: participantId });
    return NOTHING;
  },

  setRoomLocked(connection, { locked }) {
    connection.member('moderate').room.door.setLocked(locked);
    connection.moderated({ action: locked ? 'lock' : 'unlock' });
    return NOTHING;
  },

  endMeeting(connection) {
    const { room } = connection.member('moderate');
    connection.moderated({ action: 'end' });
    // The answer does not wait for the transcription of last words.
    void room.end();
    return NOTHING;
  },

  subscribeDiagnostics(connection, { on }) {
    const { room, peer } = connection.member('readTranscript');
    connection.admitChangeOfSettings();
    room.setDiagnostics(peer, on);
    return NOTHING;
  },

  liftMute(connection, { participantId }) {
    const { room } = connection.member('moderate');
    if (room.liftMute(participantId)) connection.moderated({ action: 'liftMute', of: participantId });
    return NOTHING;
  },

  askToSpeak(connection, { on }) {
    const { room, peer } = connection.member('speak');
    connection.admitChangeOfSettings();
    room.askToSpeak(peer, on);
    return NOTHING;
  },

  async requestAdmission(connection, request) {
    connection.admitChangeOfSettings();
    await connection.requestAdmission(request);
    return NOTHING;
  },

  admitParticipant(connection, { participantId }) {
    connection.member('moderate').room.door.admit(participantId);
    connection.moderated({ action: 'admit', of: participantId });
    return NOTHING;
  },

  refuseParticipant(connection, { participantId }) {
    connection.member('moderate').room.door.refuse(participantId);
    connection.moderated({ action: 'refuse', of: participantId });
    return NOTHING;
  },

  setWaitingRoom(connection, { on }) {
    connection.member('moderate').room.door.setWaitingRoom(on);
    connection.moderated({ action: on ? 'waitingRoomOn' : 'waitingRoomOff' });
    return NOTHING;
  },

  renewRoomSecret(connection) {
    const roomSecret = connection.member('moderate').room.door.renewSecret();
    connection.moderated({ action: 'renewRoomSecret' });
    return { roomSecret };
  },

  async deleteTranscript(connection) {
    const { room } = connection.member('moderate');
    // Recorded first: it takes effect even if the store fails.
    connection.moderated({ action: 'deleteTranscript' });
    await room.readers.deleteTranscript();
    return NOTHING;
  },

  async setOffTheRecord(connection, { on }) {
    const { room, peer } = connection.member();
    // To stop is never too often.
    if (!on) connection.admitChangeOfSettings();
    await room.setOffTheRecord(peer, on);
    return NOTHING;
  },

  async setRoomOffTheRecord(connection, { on }) {
    const { room, peer } = connection.member('moderate');
    if (!on) connection.admitChangeOfSettings();
    connection.moderated({ action: on ? 'roomOffTheRecord' : 'roomOnTheRecord' });
    await room.setRoomOffTheRecord(peer, on);
    return NOTHING;
  },

  async giveConsent(connection, { version }) {
    const { room, peer } = connection.member();
    connection.admitChangeOfSettings();
    const given = room.giveConsent(peer, version);
    if (given.isNew) connection.consented('consentGiven');
    await given.done;
    return NOTHING;
  },

  async withdrawConsent(connection) {
    const { room, peer } = connection.member();
    const withdrawn = room.withdrawConsent(peer);
    if (withdrawn.isNew) connection.consented('consentWithdrawn');
    await withdrawn.done;
    return NOTHING;
  },

  async requireConsent(connection) {
    const { room } = connection.member('moderate');
    connection.moderated({ action: 'requireConsent' });
    await room.requireConsent();
    return NOTHING;
  },
};
