export { type CrosstalkFrame, CrosstalkGuard, type CrosstalkVerdict } from './CrosstalkGuard.js';
