import type { ParleyError } from '@parley/client-sdk';

/** What may end a trouble that is on display. */
export type Relief = 'reconnected' | 'recovered';

/** Whether an error is over once the connection is back, or the microphone: what is over should not stand there any more. */
export function endedBy(error: Pick<ParleyError, 'code'>, relief: Relief): boolean {
  const ofMicrophone = error.code.startsWith('MICROPHONE_');
  return ofMicrophone === (relief === 'recovered');
}
