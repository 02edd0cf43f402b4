export {
  MICROPHONE_CHECK_FRAMES,
  MicrophoneCheck,
  type MicrophoneLevel,
  type MicrophoneReading,
} from './MicrophoneCheck.js';
export { SpeechGain } from './SpeechGain.js';
