export { decodeFlac } from '../worker/recordings/sound/decodeFlac.js';
export { decodeSound, readSound } from '../worker/recordings/sound/readSound.js';
export { readWav } from '../worker/recordings/sound/readWav.js';
export type { Sound } from '../worker/recordings/sound/Sound.js';
export { to16k } from '../worker/recordings/sound/to16k.js';
export { align } from './align.js';
export { comparableWords } from './comparableWords.js';
export { countSeams, type SeamCount } from './countSeams.js';
export { decodePcm } from './decodePcm.js';
export { FakeRecognizer, type FakeScript, hypothesisOf } from './FakeRecognizer.js';
export { fakeMediaNode, fakePipeline, fakeSfuRoom } from './fakeMediaNode.js';
export { joinPcm } from './joinPcm.js';
export { ManualTime } from './ManualTime.js';
export { type NoiseKind, noise } from './noises.js';
export { percentile } from './percentile.js';
export { type WavOptions, wavFile } from './wavFile.js';

/** Entry of an ASR process with a fake engine, for `AsrService.create({ entry })`; see `FakeJobScript` for what it can do. */
export const FAKE_ASR_ENTRY = new URL('../asr/testing/fakeAsrProcess.js', import.meta.url);
export type { FakeJobScript } from '../asr/testing/FakeEngine.js';
export { OpusEncoder, PACKET_SAMPLES, PACKET_TICKS } from './OpusEncoder.js';
export { ENCODERS_DIRECTORY, leaveOut, MODELS_DIRECTORY, TEST_MODEL } from './publishedModels.js';
