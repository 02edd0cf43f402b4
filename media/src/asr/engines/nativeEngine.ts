import type { SpeechEngine, SpeechEngineOptions } from '@parley/native';
import { PermanentInitError } from '../../process/runChild.js';

/** The only door from recognition to the addon. Loaded late, so that its absence is an answer and not a crash. */
const load = () => import('@parley/native');

/** @throws PermanentInitError when the addon or the model cannot be used */
export async function createNativeEngine(options: SpeechEngineOptions): Promise<SpeechEngine> {
  const native = await load();
  const availability = native.nativeAvailability();
  if (!availability.available)
    throw new PermanentInitError(availability.reason ?? 'The speech engine is not available.');
  try {
    return await native.createSpeechEngine(options);
  } catch (error) {
    if (error instanceof native.NativeError && error.code === 'NATIVE_MODEL_UNREADABLE') {
      throw new PermanentInitError(error.message, { cause: error });
    }
    throw error;
  }
}
