import type { TranscriptionStatus } from '@parley/client-sdk/protocol';
import type { RecognizerStatus } from '@parley/media';

/** The recogniser's state in the words of the wire. `notice` is what the start had to say of the model. */
export function transcriptionStatusOf(options: {
  status: RecognizerStatus;
  modelName: string;
  demo: boolean;
  mode: string;
  notice: string | undefined;
}): TranscriptionStatus {
  const { status, modelName, demo, mode, notice } = options;
  const reason = status.reason ?? notice;
  return {
    state: status.state,
    mode,
    model: { name: modelName, demo },
    engine: status.engine,
    ...(reason === undefined ? {} : { reason }),
  };
}
