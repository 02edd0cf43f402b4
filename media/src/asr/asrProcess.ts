import { createNativeEngine } from './engines/nativeEngine.js';
import { runAsrChild } from './runAsrChild.js';

runAsrChild({ createEngine: createNativeEngine });
