import type { Settings } from '../config/settings.js';
import type { Logger } from '../observability/logger.js';

/** Passed to every builder. */
export interface StartContext {
  settings: Settings;
  logger: Logger;
  /** A part that holds resources registers its end here. The last registered ends first. */
  closing: AsyncDisposableStack;
}
