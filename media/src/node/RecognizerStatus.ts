import type { ModelProfile } from '../settings/modelProfile.js';

/** What runs now. `unavailable` has a reason for people. */
export interface RecognizerStatus {
  state: 'starting' | 'ready' | 'unavailable';
  model: ModelProfile | undefined;
  /** Answers interims, where there is a second model for them; absent where the main one does. */
  interimModel?: ModelProfile;
  engine: {
    name: string;
    encoder: 'onnx' | 'whispercpp' | 'none';
    device: 'cpu' | 'cuda' | 'none';
    deviceName: string;
  };
  reason?: string;
}
