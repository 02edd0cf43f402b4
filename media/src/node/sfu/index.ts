export * from './errors.js';
export * from './MediasoupWorkerPool.js';
export * from './SfuRoom.js';
