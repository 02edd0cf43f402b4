import type { AudioProcessing } from './microphone.js';

/** What the browser says that it does to a track's sound. */
export function processingOf(track: MediaStreamTrack): Partial<AudioProcessing> {
  const settings = track.getSettings();
  const told: Partial<AudioProcessing> = {};
  for (const name of ['echoCancellation', 'noiseSuppression', 'autoGainControl'] as const) {
    // Newer browsers say how they cancel echo, by a word.
    if (settings[name] !== undefined) told[name] = settings[name] !== false;
  }
  return told;
}

/**
 * Switches processing on an open track. Firefox can; others say yes and do nothing, and the device has to be opened anew.
 * @returns whether it is as wanted now. Never rejects
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
