import type { ParleyError } from '@parley/client-sdk';
import { useCallback, useState } from 'react';
import { asError } from './asError.js';

/** What went wrong last with something that the person did. */
export function useProblem(): {
  problem: ParleyError | undefined;
  tell: (error: unknown) => void;
  clear: () => void;
} {
  const [problem, setProblem] = useState<ParleyError>();
  const tell = useCallback((error: unknown) => {
    setProblem(asError(error));
  }, []);
  const clear = useCallback(() => setProblem(undefined), []);
  return { problem, tell, clear };
}
