#pragma once

#include <napi.h>

#include "SpeechEngine.h"
#include "transcription.h"

namespace parley {

/** `TranscribeResult` of lib/types.ts. */
Napi::Value transcriptionToJs(Napi::Env env, const Outcome &outcome);

/** `SpeechEngineInfo` of lib/types.ts. */
Napi::Value infoToJs(Napi::Env env, const EngineInfo &info);

} // namespace parley
