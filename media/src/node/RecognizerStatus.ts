import type { ModelProfile } from '../settings/modelProfile.js';

/** What is running now. `unavailable` has a reason for people. */
export interface RecognizerStatus {
  state: 'starting' | 'ready' | 'unavailable';
  model: ModelProfile | undefined;
  /** The second model, which answers interims; absent if the main one does. */
  interimModel?: ModelProfile;
  engine: {
    name: string;
    encoder: 'onnx' | 'whispercpp' | 'none';
    device: 'cpu' | 'cuda' | 'none';
    deviceName: string;
  };
  reason?: string;
}
