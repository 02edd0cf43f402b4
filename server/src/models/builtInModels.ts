import { fileURLToPath } from 'node:url';

/** Folder of the bundled model. */
export const BUILT_IN_MODELS = fileURLToPath(new URL('../../../native/models/', import.meta.url));
