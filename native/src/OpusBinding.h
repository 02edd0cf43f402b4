#pragma once
#include <napi.h>

namespace parley {

/** Adds `opusPacketInfo` and the class `OpusDecoder` to the exports. */
void exportOpus(Napi::Env env, Napi::Object exports);

}  // namespace parley
