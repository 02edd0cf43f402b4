import type { ParleyError } from '@parley/client-sdk';

/** Events that may resolve a displayed error. */
export type Relief = 'reconnected' | 'recovered';

/** Whether an error is resolved by a restored connection or microphone; it is then no longer shown. */
export function endedBy(error: Pick<ParleyError, 'code'>, relief: Relief): boolean {
  const ofMicrophone = error.code.startsWith('MICROPHONE_');
  return ofMicrophone === (relief === 'recovered');
}
