/** The wire contract: names, shapes, limits, error codes and version. No runtime dependency; schemas are on `./schema`. */
export * from './activity.js';
export * from './errors.js';
export * from './grants.js';
export * from './ledger.js';
export * from './limits.js';
export * from './media.js';
export * from './messages.js';
export * from './settings.js';
export * from './transcript.js';
export * from './version.js';
