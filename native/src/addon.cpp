#include <napi.h>

#include "EngineBinding.h"
#include "OpusBinding.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  parley::exportOpus(env, exports);
  parley::exportEngine(env, exports);
  return exports;
}

} // namespace

NODE_API_MODULE(parley_native, initialise)
