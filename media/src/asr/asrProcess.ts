import { createNativeEngine } from './nativeEngine.js';
import { runAsrChild } from './runAsrChild.js';

runAsrChild({ createEngine: createNativeEngine });
