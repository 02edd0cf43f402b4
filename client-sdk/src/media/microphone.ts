import { defaults } from '../defaults.js';
import { type ErrorCode, errorOf, ParleyError } from '../protocol/index.js';

/** What the browser does to the sound before it is sent. */
export interface AudioProcessing {
  /** Takes out what the loudspeaker plays. */
  echoCancellation: boolean;
  noiseSuppression: boolean;
  /** Makes quiet voices louder. */
  autoGainControl: boolean;
}

/** Processing is on unless told otherwise (`defaults.processing`). */
export interface MicrophoneOptions extends Partial<AudioProcessing> {
  /** From `listMicrophones`; the browser's default without. */
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
  // There is no `getUserMedia` to call.
  TypeError: 'BROWSER_UNSUPPORTED',
};

/**
 * Asks the browser for a microphone: mono, with echo cancellation, noise suppression and gain control unless told otherwise.
 *
 * @example
 * const [first] = await listMicrophones();
 * const track = await captureMicrophone({ ...(first && { deviceId: first.deviceId }), noiseSuppression: false });
 *
 * @throws ParleyError, as a rejection: `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `INSECURE_CONTEXT`, `BROWSER_UNSUPPORTED`
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
    // A device that goes at this moment ends its track before anybody can listen for that.
    if (track === undefined || track.readyState === 'ended') throw errorOf('MICROPHONE_NOT_FOUND');
    return track;
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    const code = CODES[(error as Error).name] ?? 'MICROPHONE_NOT_FOUND';
    throw errorOf(code, { cause: error });
  }
}

/**
 * Microphones of this machine. Until the browser has been allowed to use one, there may be none to see, or none with a name: then
 * they are numbered.
 * @throws ParleyError, as a rejection: `INSECURE_CONTEXT`, `BROWSER_UNSUPPORTED`
 */
export async function listMicrophones(): Promise<Microphone[]> {
  const all = await devices().enumerateDevices();
  return all
    .filter((device) => device.kind === 'audioinput' && device.deviceId !== '')
    .map(({ deviceId, label }, index) => ({ deviceId, label: label === '' ? `Microphone ${index + 1}` : label }));
}

/**
 * Tells one default microphone from another. Chromium lists it once more under the id `default`; elsewhere it is the first one (W3C
 * Media Capture and Streams, `enumerateDevices`). Empty where there is none.
 */
export async function defaultMicrophoneKey(): Promise<string> {
  const inputs = (await devices().enumerateDevices()).filter(({ kind }) => kind === 'audioinput');
  const named = inputs.find(({ deviceId }) => deviceId === 'default');
  if (named !== undefined) return `${named.groupId} ${named.label}`;
  return inputs[0]?.deviceId ?? '';
}

/** Calls back when devices come or go. @returns a function that ends that */
export function onDeviceChange(listener: () => void): () => void {
  const found = globalThis.navigator?.mediaDevices;
  found?.addEventListener?.('devicechange', listener);
  return () => found?.removeEventListener?.('devicechange', listener);
}

/** Browsers have no media devices on pages that are not secure. */
function devices(): MediaDevices {
  const found = globalThis.navigator?.mediaDevices;
  if (found === undefined) {
    throw errorOf(globalThis.isSecureContext === false ? 'INSECURE_CONTEXT' : 'BROWSER_UNSUPPORTED');
  }
  return found;
}
