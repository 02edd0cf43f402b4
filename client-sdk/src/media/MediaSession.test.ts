import { describe, expect, test, vi } from 'vitest';
import {
  announcement,
  type fakeDevice,
  microphone,
  setConnectionState,
  transportParameters,
} from '../../test-support/media.js';
import type { ScriptedChannel } from '../../test-support/ScriptedChannel.js';
import { PARAMETERS, publish, settled, withSessions } from '../../test-support/withSessions.js';
import { ParleyError } from '../protocol/index.js';
import type { MediaSession } from './MediaSession.js';

let channel: ScriptedChannel;
let webrtc: ReturnType<typeof fakeDevice>;
const { newSession, opened } = withSessions((parts) => {
  ({ channel, webrtc } = parts);
});

/** An `AudioContext` that makes tracks; `live` counts what has not been given back of both. */
function fakeSilence(): { tracks: MediaStreamTrack[]; readonly live: number } {
  const tracks: MediaStreamTrack[] = [];
  let contexts = 0;
  vi.stubGlobal(
    'AudioContext',
    class {
      constructor() {
        contexts += 1;
      }
      createMediaStreamDestination() {
        const track = microphone();
        tracks.push(track);
        return { stream: { getAudioTracks: () => [track] } };
      }
      async close() {
        contexts -= 1;
      }
    },
  );
  return {
    tracks,
    get live() {
      return contexts + tracks.filter(({ readyState }) => readyState === 'live').length;
    },
  };
}

describe('sending', () => {
  test('is Opus in mono with DTX, FEC and NACK, on a transport that is made when it is needed', async () => {
    const { session } = await opened({ receive: false });
    expect(channel.names).toEqual([]);
    const track = microphone();
    const publication = await publish(session, track);
    expect(channel.names).toEqual(['createTransport', 'connectTransport', 'produce']);
    expect(channel.last('createTransport')).toEqual({ direction: 'send' });
    expect(channel.last('produce')).toMatchObject({ track: 'microphone', paused: false });
    const codecOptions = { opusStereo: false, opusDtx: true, opusFec: true, opusNack: true };
    expect(webrtc.sent).toMatchObject([{ track, codecOptions }]);
    expect([publication.muted, publication.closed, publication.track]).toEqual([false, false, track]);
  });

  test.each([
    ['before a room is joined', 'CONNECTION_LOST', (session: MediaSession) => session.suspend()],
    ['after it was left', 'NOT_JOINED', (session: MediaSession) => session.close()],
  ])('is refused %s', async (_when, code, act) => {
    const { session } = newSession();
    act(session);
    await expect(publish(session)).rejects.toMatchObject({ code });
  });

  test('is refused for a track that has ended or shows a picture', async () => {
    const { session } = await opened();
    const ended = microphone();
    ended.stop();
    await expect(publish(session, ended)).rejects.toMatchObject({ code: 'MICROPHONE_NOT_FOUND' });
    const picture = { kind: 'video', readyState: 'live' } as MediaStreamTrack;
    await expect(publish(session, picture)).rejects.toMatchObject({ code: 'INVALID_RTP_PARAMETERS' });
  });

  test('fails with what the server answers, leaves the track alone, and can be tried again', async () => {
    const { session } = await opened();
    const { produce } = channel.answers;
    channel.fail('produce', new ParleyError('TOO_MANY_PRODUCERS'));
    const track = microphone();
    await expect(publish(session, track)).rejects.toMatchObject({ code: 'TOO_MANY_PRODUCERS' });
    expect(track.readyState).toBe('live');
    channel.answers = { ...channel.answers, produce };
    await expect(publish(session, track)).resolves.toMatchObject({ closed: false });
  });

  test('that is being begun when the connection is lost fails with CONNECTION_LOST, when the room is left with NOT_JOINED', async () => {
    const { session } = await opened();
    channel.silence('produce');
    let publishing = publish(session);
    await expect.poll(() => channel.names).toContain('produce');
    session.suspend();
    await expect(publishing).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await session.open(PARAMETERS);
    publishing = publish(session);
    await settled();
    session.close();
    await expect(publishing).rejects.toMatchObject({ code: 'NOT_JOINED' });
  });
});

describe('sending something muted', () => {
  test('begins paused, and silent from the first sample', async () => {
    const { session } = await opened();
    const track = microphone();
    const publication = await session.publish({ track, name: 'microphone', muted: true });
    expect([publication.muted, track.enabled, channel.last('produce')]).toMatchObject([true, false, { paused: true }]);
    await publication.unmute();
    expect([track.enabled, channel.names.at(-1)]).toEqual([true, 'resumeProducer']);
  });

  test('whose microphone was given back waits for another track, through reconnects, and needs nobody', async () => {
    const { session, events } = await opened();
    const stopped = microphone();
    stopped.stop();
    const publication = await session.publish({ track: stopped, name: 'microphone', muted: true });
    session.suspend();
    await session.open(PARAMETERS);
    expect([channel.names.includes('produce'), publication.closed, events]).toEqual([false, false, []]);
    const track = microphone();
    await publication.replaceTrack(track);
    await publication.unmute();
    expect(channel.last('produce')).toMatchObject({ paused: true });
    expect([track.enabled, channel.names.at(-1)]).toEqual([true, 'resumeProducer']);
  });
});

describe('muting', () => {
  test('silences the track at once, then tells the server', async () => {
    const { session } = await opened();
    const track = microphone();
    const publication = await publish(session, track);
    const muting = publication.mute();
    expect([track.enabled, publication.muted]).toEqual([false, true]);
    await muting;
    expect(channel.names.at(-1)).toBe('pauseProducer');
    await publication.unmute();
    expect(track.enabled).toBe(true);
    expect(channel.names.at(-1)).toBe('resumeProducer');
  });

  test('back and forth in one breath ends in the last state, on both sides', async () => {
    const { session } = await opened();
    const track = microphone();
    const publication = await publish(session, track);
    await Promise.all([publication.mute(), publication.unmute(), publication.mute()]);
    expect(track.enabled).toBe(false);
    expect(channel.names.filter((name) => /Producer$/.test(name))).toEqual(['pauseProducer']);
  });

  test('holds on this side when the server does not answer, and is told again the next time', async () => {
    const { session } = await opened();
    const track = microphone();
    const publication = await publish(session, track);
    const { pauseProducer } = channel.answers;
    channel.fail('pauseProducer', new ParleyError('REQUEST_TIMEOUT'));
    await expect(publication.mute()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
    expect([track.enabled, publication.muted]).toEqual([false, true]);
    channel.answers = { ...channel.answers, pauseProducer };
    await publication.mute();
    expect(channel.names.filter((name) => name === 'pauseProducer')).toHaveLength(2);
  });

  test('while the connection is lost is kept, and what is published again is muted from its first packet', async () => {
    const { session } = await opened();
    const track = microphone();
    const publication = await publish(session, track);
    session.suspend();
    await publication.mute();
    await session.open(PARAMETERS);
    expect(channel.last('produce')).toMatchObject({ paused: true });
    expect(track.enabled).toBe(false);
    expect(channel.names).not.toContain('pauseProducer');
    await publication.unmute();
    expect(track.enabled).toBe(true);
    expect(channel.names.at(-1)).toBe('resumeProducer');
  });
});

describe('another microphone', () => {
  test('takes the place of the first one without a new producer, muted if that was', async () => {
    const { session } = await opened();
    const [first, second] = [microphone(), microphone()];
    const publication = await publish(session, first);
    await publication.mute();
    await publication.replaceTrack(second);
    expect(publication.track).toBe(second);
    expect([first.readyState, second.enabled]).toEqual(['live', false]);
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(1);
  });

  test('is muted at once, too, when the mute comes while it is being put in place', async () => {
    const { session } = await opened();
    const publication = await publish(session);
    const sending = webrtc.handlers.at(-1);
    let replaced: () => void = () => {};
    const replace = () =>
      new Promise<void>((resolve) => {
        replaced = resolve;
      });
    if (sending !== undefined) vi.spyOn(sending, 'replaceTrack').mockImplementation(replace);
    const second = microphone();
    const replacing = publication.replaceTrack(second);
    await settled();
    const muting = publication.mute();
    expect([publication.track.enabled, second.enabled]).toEqual([false, false]);
    replaced();
    await Promise.all([replacing, muting]);
    expect([publication.track, second.enabled]).toEqual([second, false]);
  });

  test('that has ended is refused, and the old one is sent on', async () => {
    const { session } = await opened();
    const first = microphone();
    const publication = await publish(session, first);
    const ended = microphone();
    ended.stop();
    await expect(publication.replaceTrack(ended)).rejects.toMatchObject({ code: 'MICROPHONE_NOT_FOUND' });
    expect(publication.track).toBe(first);
  });

  test('chosen while the connection is lost is the one that is published again', async () => {
    const { session } = await opened();
    const publication = await publish(session);
    session.suspend();
    const second = microphone();
    await publication.replaceTrack(second);
    await session.open(PARAMETERS);
    expect(publication.track).toBe(second);
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(2);
  });

  test('brings back a publication whose microphone was gone when it was to be published again', async () => {
    const { session, events } = await opened();
    const first = microphone();
    const publication = await publish(session, first);
    session.suspend();
    first.stop();
    await session.open(PARAMETERS);
    expect(events).toEqual(['error MICROPHONE_NOT_FOUND']);
    await publication.replaceTrack(microphone());
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(2);
  });
});

describe('a track that its device has ended', () => {
  test('waits on the server without being muted, and is heard again by another one', async () => {
    const { session } = await opened();
    const first = microphone();
    const publication = await publish(session, first);
    expect(session.speaks).toBe(true);
    (first as unknown as { remoteStop(): void }).remoteStop();
    await expect.poll(() => channel.names.at(-1)).toBe('pauseProducer');
    expect([publication.muted, session.speaks]).toEqual([false, false]);
    // To mute and unmute it changes nothing for the others.
    await publication.mute();
    await publication.unmute();
    expect(channel.names.at(-1)).toBe('pauseProducer');
    const second = microphone();
    await publication.replaceTrack(second);
    expect([channel.names.at(-1), second.enabled, session.speaks]).toEqual(['resumeProducer', true, true]);
  });

  test('is no loss after it was replaced, nor where somebody else looks after it', async () => {
    const { session } = await opened();
    const tracks = [microphone(), microphone()] as const;
    const publication = await publish(session, tracks[0]);
    await publication.replaceTrack(microphone());
    await session.publish({ track: tracks[1], name: 'microphone', followed: true });
    for (const track of tracks) (track as unknown as { remoteStop(): void }).remoteStop();
    await settled();
    expect(channel.names).not.toContain('pauseProducer');
  });

  test('is shown muted after a reconnect, too, by silence that is paused', async () => {
    const silence = fakeSilence();
    const { session, events } = await opened();
    const first = microphone();
    const publication = await publish(session, first);
    await publication.mute();
    first.stop();
    session.suspend();
    await session.open(PARAMETERS);
    expect([channel.last('produce'), events]).toMatchObject([{ paused: true }, []]);
    expect([silence.tracks.length, silence.live]).toEqual([1, 0]);
    const second = microphone();
    await publication.replaceTrack(second);
    await publication.unmute();
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(2);
    expect([channel.names.at(-1), second.enabled]).toEqual(['resumeProducer', true]);
  });

  test('gives the silence back, too, when the server does not want it', async () => {
    const silence = fakeSilence();
    const { session, events } = await opened();
    const first = microphone();
    const publication = await publish(session, first);
    await publication.mute();
    first.stop();
    session.suspend();
    channel.fail('produce', new ParleyError('TOO_MANY_PRODUCERS'));
    await session.open(PARAMETERS);
    expect([events, silence.tracks.length, silence.live]).toEqual([['error TOO_MANY_PRODUCERS'], 1, 0]);
  });
});

describe('closing', () => {
  test('a publication tells the server once, leaves the track alone and ends the publication', async () => {
    const { session } = await opened();
    const track = microphone();
    const publication = await publish(session, track);
    await Promise.all([publication.close(), publication.close()]);
    expect(channel.names.filter((name) => name === 'closeProducer')).toHaveLength(1);
    expect(track.readyState).toBe('live');
    await publication.mute();
    await expect(publication.replaceTrack(microphone())).rejects.toMatchObject({ code: 'PRODUCER_NOT_FOUND' });
    session.suspend();
    await session.open(PARAMETERS);
    expect(channel.names.filter((name) => name === 'produce')).toHaveLength(1);
  });

  test('a publication that is being published again closes that one, too', async () => {
    const { session } = await opened();
    const publication = await publish(session);
    session.suspend();
    const reopening = session.open(PARAMETERS);
    await expect.poll(() => channel.names.filter((name) => name === 'produce')).toHaveLength(2);
    await Promise.all([reopening, publication.close()]);
    expect(channel.names.at(-1)).toBe('closeProducer');
  });

  test('the session closes what is published and what is heard, once and for all', async () => {
    const { session, events } = await opened();
    const publication = await publish(session);
    session.onConsumerCreated(announcement());
    await settled();
    session.close();
    session.close();
    expect(events).toEqual(['hears ben (audio)', 'hears ben no more']);
    expect(publication.closed).toBe(true);
    await expect(session.open(PARAMETERS)).rejects.toMatchObject({ code: 'NOT_JOINED' });
  });
});

describe('hearing', () => {
  test('opens a transport with what the browser can receive, and lets what is announced flow', async () => {
    const { session, events } = await opened();
    expect(channel.names).toEqual(['createTransport']);
    const opus = expect.objectContaining({ mimeType: 'audio/opus' });
    const rtpCapabilities = expect.objectContaining({ codecs: expect.arrayContaining([opus]) });
    expect(channel.last('createTransport')).toEqual({ direction: 'recv', rtpCapabilities });
    const announced = announcement();
    session.onConsumerCreated(announced);
    await settled();
    expect(events).toEqual(['hears ben (audio)']);
    expect(channel.last('resumeConsumer')).toEqual({ consumerId: announced.consumerId });
    session.onConsumerClosed({ consumerId: announced.consumerId });
    await settled();
    expect(events.at(-1)).toBe('hears ben no more');
  });

  test('asks for nothing when nothing is to be heard', async () => {
    const { session, events } = await opened({ receive: false });
    session.onConsumerCreated(announcement());
    await settled();
    expect([channel.names, events]).toEqual([[], []]);
  });

  test('does not lose what is announced while the way in is still being opened', async () => {
    const { session, events } = newSession();
    let open: () => void = () => {};
    channel.answers.createTransport = () =>
      new Promise((resolve) => {
        open = () => resolve(transportParameters());
      });
    const opening = session.open(PARAMETERS);
    await expect.poll(() => channel.names).toEqual(['createTransport']);
    session.onConsumerCreated(announcement());
    open();
    await opening;
    await settled();
    expect(events).toEqual(['hears ben (audio)']);
  });

  test('sets up what comes together together, whatever the answers take', async () => {
    const { session, events } = await opened();
    channel.silence('resumeConsumer');
    for (const participantId of ['ben', 'cy', 'dee']) session.onConsumerCreated(announcement({ participantId }));
    await settled();
    expect(events).toEqual(['hears ben (audio)', 'hears cy (audio)', 'hears dee (audio)']);
  });

  test('never hears a producer twice', async () => {
    const { session, events } = await opened();
    const announced = announcement();
    session.onConsumerCreated(announced);
    session.onConsumerCreated({ ...announced, consumerId: 'another' });
    await settled();
    session.onConsumerCreated({ ...announced, consumerId: 'a-third' });
    await settled();
    expect(events).toEqual(['hears ben (audio)']);
  });

  test('hears nothing of what is closed before it was set up', async () => {
    const { session, events } = await opened();
    const announced = announcement();
    session.onConsumerCreated(announced);
    session.onConsumerClosed({ consumerId: announced.consumerId });
    await settled();
    expect(events).toEqual([]);
    expect(channel.names).not.toContain('resumeConsumer');
  });

  test('takes no notice when a track ends while it is being started', async () => {
    const { session, events } = await opened();
    channel.fail('resumeConsumer', new ParleyError('CONSUMER_NOT_FOUND'));
    session.onConsumerCreated(announcement());
    await settled();
    expect(events).toEqual(['hears ben (audio)']);
  });

  test('tells when somebody cannot be heard', async () => {
    const { session, events } = await opened();
    channel.fail('resumeConsumer', new ParleyError('REQUEST_TIMEOUT'));
    session.onConsumerCreated(announcement());
    await settled();
    expect(events).toEqual(['hears ben (audio)', 'hears ben no more', 'error REQUEST_TIMEOUT']);
  });
});

describe('a browser without WebRTC', () => {
  test('is told once if it wanted to hear, joins all the same, and cannot publish', async () => {
    const { session, events } = await opened({ device: undefined });
    expect(events).toEqual(['error BROWSER_UNSUPPORTED']);
    await expect(publish(session)).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
    const silent = await opened({ device: undefined, receive: false });
    expect(silent.events).toEqual([]);
  });
});

describe('measuring', () => {
  test('asks each transport once, and knows whose stream is whose', async () => {
    const { session } = await opened();
    await publish(session);
    const heard = announcement({ participantId: 'ben' });
    session.onConsumerCreated(heard);
    await settled();
    const ssrc = heard.rtpParameters.encodings?.[0]?.ssrc;
    webrtc.stats.send = [
      { type: 'outbound-rtp', packetsSent: 100 },
      { type: 'remote-inbound-rtp', packetsLost: 1, jitter: 0.01, roundTripTime: 0.05 },
    ];
    webrtc.stats.recv = [
      { type: 'inbound-rtp', ssrc, packetsReceived: 90, packetsLost: 2, jitter: 0.02 },
      { type: 'inbound-rtp', ssrc: 1, packetsReceived: 7 },
    ];
    expect(await session.measure()).toEqual({
      sent: { packets: 100, lost: 1, jitterMs: 10, rttMs: 50 },
      received: [{ participantId: 'ben', packets: 90, lost: 2, jitterMs: 20 }],
      connected: true,
    });
    setConnectionState(webrtc.handlers[0], 'disconnected');
    expect(await session.measure()).toMatchObject({ connected: false });
  });

  test('has nothing to say without a connection, and little of who only listens', async () => {
    const { session } = newSession();
    expect(await session.measure()).toBeUndefined();
    await session.open(PARAMETERS);
    expect(await session.measure()).toEqual({ received: [], connected: true });
  });

  test('survives a browser that does not answer', async () => {
    const { session } = await opened();
    for (const handler of webrtc.handlers) handler.getTransportStats = () => Promise.reject(new Error('closed'));
    expect(await session.measure()).toEqual({ received: [], connected: true });
  });
});
