import type { Settings } from '../config/settings.js';
import type { Logger } from '../observability/logger.js';

/** What every builder is given. */
export interface StartContext {
  settings: Settings;
  logger: Logger;
  /** A part that holds something says here how it ends. What began last ends first. */
  closing: AsyncDisposableStack;
}
