import type { AudioProcessing } from './microphone.js';

/** The processing that the browser reports for a track. */
export function processingOf(track: MediaStreamTrack): Partial<AudioProcessing> {
  const settings = track.getSettings();
  const told: Partial<AudioProcessing> = {};
  for (const name of ['echoCancellation', 'noiseSuppression', 'autoGainControl'] as const) {
    // Newer browsers report the kind of echo cancellation as a string.
    if (settings[name] !== undefined) told[name] = settings[name] !== false;
  }
  return told;
}

/**
 * Changes the processing of an open track. Works in Firefox; other browsers accept it without effect, and the device must be reopened.
 * @returns whether the processing is now as requested. Never rejects
 */
export async function applyProcessing(options: {
  track: MediaStreamTrack;
  processing: AudioProcessing;
}): Promise<boolean> {
  const { track, processing } = options;
  if (track.readyState === 'ended') return false;
  try {
    await track.applyConstraints({ channelCount: 1, ...processing });
  } catch {
    return false;
  }
  const told = processingOf(track);
  return (Object.keys(processing) as (keyof AudioProcessing)[]).every((name) => told[name] === processing[name]);
}
