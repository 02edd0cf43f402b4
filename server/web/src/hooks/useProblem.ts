import type { ParleyError } from '@parley/client-sdk';
import { useCallback, useState } from 'react';
import { asError } from './asError.js';
import { endedBy, type Relief } from './endedBy.js';

/** What went wrong last with something that the person did. */
export function useProblem(): {
  problem: ParleyError | undefined;
  tell: (error: unknown) => void;
  clear: () => void;
  /** Takes it away if that is what it was about. */
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
