#pragma once

#include <napi.h>

namespace parley {

/**
 * Adds to the exports:
 * `loadEngine(options)`: promise of `{ engine: { transcribe(lane, job), abort(lane), close() }, info }`; the model is
 * loaded on a thread of the pool;
 * `isLanguage(code)`: whether Whisper has a token for the language.
 * Ranges are validated by the typed wrappers; here only types are checked.
 */
void exportEngine(Napi::Env env, Napi::Object exports);

} // namespace parley
