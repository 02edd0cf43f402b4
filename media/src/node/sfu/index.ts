export * from './errors.js';
export * from './LocalSfuRoom.js';
export * from './MediasoupWorkerPool.js';
export * from './SfuRoom.js';
