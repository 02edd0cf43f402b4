import { afterEach, beforeEach, vi } from 'vitest';
import { MediaSession, type MediaSessionOptions } from '../src/media/MediaSession.js';
import { fakeDevice, microphone, ROUTER_RTP_CAPABILITIES } from './media.js';
import { ScriptedChannel } from './ScriptedChannel.js';

export const PARAMETERS = { routerRtpCapabilities: ROUTER_RTP_CAPABILITIES };

/**
 * A scripted channel and a fake device for each test of a file, and sessions of them, which end with the test.
 * @param onStart is given both before each test
 */
export function withSessions(
  onStart: (parts: { channel: ScriptedChannel; webrtc: ReturnType<typeof fakeDevice> }) => void,
) {
  let channel: ScriptedChannel;
  let webrtc: ReturnType<typeof fakeDevice>;
  const sessions: MediaSession[] = [];
  beforeEach(() => {
    channel = new ScriptedChannel();
    webrtc = fakeDevice();
    onStart({ channel, webrtc });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    for (const session of sessions.splice(0)) session.close();
  });

  function newSession(options: Partial<MediaSessionOptions> = {}): { session: MediaSession; events: string[] } {
    const session = new MediaSession({ channel, receive: true, device: webrtc.device, ...options });
    sessions.push(session);
    const events: string[] = [];
    session.on('trackSubscribed', ({ participantId, track }) => events.push(`hears ${participantId} (${track.kind})`));
    session.on('trackUnsubscribed', ({ participantId }) => events.push(`hears ${participantId} no more`));
    session.on('error', ({ error }) => events.push(`error ${error.code}`));
    session.on('lost', ({ error }) => events.push(`lost ${error.code}`));
    return { session, events };
  }

  async function opened(options: Partial<MediaSessionOptions> = {}) {
    const made = newSession(options);
    await made.session.open(PARAMETERS);
    return made;
  }

  return { newSession, opened };
}

export const publish = (session: MediaSession, track = microphone()) => session.publish({ track, name: 'microphone' });

/** Lets everything settle that needs no network and no clock. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
