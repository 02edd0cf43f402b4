#pragma once

#include <napi.h>

namespace parley {

/** Adds `OpusDecoder` (a constructor) and `opusPacketInfo(packet)` to the exports. */
void exportOpus(Napi::Env env, Napi::Object exports);

} // namespace parley
