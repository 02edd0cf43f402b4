#include "napiErrors.h"

namespace parley {

const char *errorCode(Status status) {
  switch (status) {
  case Status::InvalidArgument: return "NATIVE_INVALID_ARGUMENT";
  case Status::LaneBusy: return "NATIVE_LANE_BUSY";
  case Status::Aborted: return "NATIVE_ABORTED";
  case Status::Closed: return "NATIVE_ENGINE_CLOSED";
  default: return "NATIVE_DECODE_FAILED";
  }
}

Napi::Value makeError(Napi::Env env, const char *code, const std::string &message) {
  Napi::Error error = Napi::Error::New(env, message);
  Napi::Value value = error.Value();
  value.As<Napi::Object>().Set("code", Napi::String::New(env, code));
  return value;
}

Napi::Value throwError(Napi::Env env, const char *code, const std::string &message) {
  napi_throw(env, makeError(env, code, message));
  return env.Undefined();
}

} // namespace parley
