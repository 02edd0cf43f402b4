export { isNearSilent } from './isNearSilent.js';
export {
  MICROPHONE_CHECK_FRAMES,
  MicrophoneCheck,
  type MicrophoneReading,
} from './MicrophoneCheck.js';
export { SpeechGain } from './SpeechGain.js';
