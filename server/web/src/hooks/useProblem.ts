import type { ParleyError } from '@parley/client-sdk';
import { useCallback, useState } from 'react';
import { asError } from './asError.js';
import { endedBy, type Relief } from './endedBy.js';

/** The last error of an action by the person. */
export function useProblem(): {
  problem: ParleyError | undefined;
  tell: (error: unknown) => void;
  clear: () => void;
  /** Clears the error if it is of this kind. */
  relieve: (relief: Relief) => void;
} {
  const [problem, setProblem] = useState<ParleyError>();
  const tell = useCallback((error: unknown) => {
    setProblem(asError(error));
  }, []);
  const clear = useCallback(() => setProblem(undefined), []);
  const relieve = useCallback((relief: Relief) => {
    setProblem((shown) => (shown !== undefined && endedBy(shown, relief) ? undefined : shown));
  }, []);
  return { problem, tell, clear, relieve };
}
