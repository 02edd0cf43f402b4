import { defaults } from '../defaults.js';
import { type ErrorCode, errorOf, ParleyError } from '../protocol/index.js';

/** Processing of the sound by the browser before it is sent. */
export interface AudioProcessing {
  /** Removes the sound of the loudspeaker. */
  echoCancellation: boolean;
  noiseSuppression: boolean;
  /** Amplifies quiet voices. */
  autoGainControl: boolean;
}

/** Processing is on by default (`defaults.processing`). */
export interface MicrophoneOptions extends Partial<AudioProcessing> {
  /** From `listMicrophones`. Default: the browser's default device. */
  deviceId?: string;
}

export interface Microphone {
  deviceId: string;
  label: string;
}

const CODES: Record<string, ErrorCode> = {
  NotAllowedError: 'MICROPHONE_DENIED',
  SecurityError: 'MICROPHONE_DENIED',
  NotFoundError: 'MICROPHONE_NOT_FOUND',
  OverconstrainedError: 'MICROPHONE_NOT_FOUND',
  NotReadableError: 'MICROPHONE_BUSY',
  AbortError: 'MICROPHONE_BUSY',
  // `getUserMedia` does not exist.
  TypeError: 'BROWSER_UNSUPPORTED',
};

/**
 * Opens a microphone: mono, by default with echo cancellation, noise suppression and gain control.
 *
 * @example
 * const [first] = await listMicrophones();
 * const track = await captureMicrophone({ ...(first && { deviceId: first.deviceId }), noiseSuppression: false });
 *
 * @throws ParleyError, as a rejection: `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `INSECURE_CONTEXT`,
 * `BROWSER_UNSUPPORTED`
 */
export async function captureMicrophone(options: MicrophoneOptions = {}): Promise<MediaStreamTrack> {
  const { deviceId, echoCancellation, noiseSuppression, autoGainControl } = { ...defaults.processing, ...options };
  try {
    const stream = await devices().getUserMedia({
      audio: {
        channelCount: 1,
        echoCancellation,
        noiseSuppression,
        autoGainControl,
        ...(deviceId === undefined || deviceId === '' ? {} : { deviceId: { exact: deviceId } }),
      },
    });
    const [track] = stream.getAudioTracks();
    // A device that is unplugged at this moment ends its track before there is a listener.
    if (track === undefined || track.readyState === 'ended') throw errorOf('MICROPHONE_NOT_FOUND');
    return track;
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    const code = CODES[(error as Error).name] ?? 'MICROPHONE_NOT_FOUND';
    throw errorOf(code, { cause: error });
  }
}

/**
 * Returns the microphones of this machine. Before the browser has permission to use one, the list may be empty, or without names; devices
 * are then numbered.
 * @throws ParleyError, as a rejection: `INSECURE_CONTEXT`, `BROWSER_UNSUPPORTED`
 */
export async function listMicrophones(): Promise<Microphone[]> {
  const all = await devices().enumerateDevices();
  return all
    .filter((device) => device.kind === 'audioinput' && device.deviceId !== '')
    .map(({ deviceId, label }, index) => ({ deviceId, label: label === '' ? `Microphone ${index + 1}` : label }));
}

/**
 * A key that changes with the default microphone. Chromium lists the default device again under the id `default`; elsewhere it is the first
 * one (W3C Media Capture and Streams, `enumerateDevices`). Empty if there is none.
 */
export async function defaultMicrophoneKey(): Promise<string> {
  const inputs = (await devices().enumerateDevices()).filter(({ kind }) => kind === 'audioinput');
  const named = inputs.find(({ deviceId }) => deviceId === 'default');
  if (named !== undefined) return `${named.groupId} ${named.label}`;
  return inputs[0]?.deviceId ?? '';
}

/** Calls back when devices are plugged in or unplugged. @returns a function that unsubscribes */
export function onDeviceChange(listener: () => void): () => void {
  const found = globalThis.navigator?.mediaDevices;
  found?.addEventListener?.('devicechange', listener);
  return () => found?.removeEventListener?.('devicechange', listener);
}

/** Browsers offer no media devices on insecure pages. */
function devices(): MediaDevices {
  const found = globalThis.navigator?.mediaDevices;
  if (found === undefined) {
    throw errorOf(globalThis.isSecureContext === false ? 'INSECURE_CONTEXT' : 'BROWSER_UNSUPPORTED');
  }
  return found;
}
