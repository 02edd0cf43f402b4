#pragma once

#include <napi.h>

#include <exception>
#include <string>

#include "transcription.h"

namespace parley {

/** The `code` of the JavaScript error for an outcome. */
const char *errorCode(Status status);

/** An `Error` with a `code`, as the typed wrappers expect it. */
Napi::Value makeError(Napi::Env env, const char *code, const std::string &message);

/** Throws such an error in JavaScript and gives the value to return. */
Napi::Value throwError(Napi::Env env, const char *code, const std::string &message);

/** Runs a binding's body; no C++ exception (out of memory, say) ever crosses into N-API. */
template <typename Body> Napi::Value guarded(Napi::Env env, Body &&body) {
  try {
    return body();
  } catch (const std::exception &error) {
    return throwError(env, "NATIVE_DECODE_FAILED", error.what());
  } catch (...) {
    return throwError(env, "NATIVE_DECODE_FAILED", "unknown native error");
  }
}

} // namespace parley
