import { fileURLToPath } from 'node:url';

/** Folder of the model that comes with the source. */
export const BUILT_IN_MODELS = fileURLToPath(new URL('../../../native/models/', import.meta.url));
