#include "EngineBinding.h"

#include <algorithm>
#include <memory>

#include "EngineHost.h"
#include "backends.h"
#include "napiErrors.h"
#include "napiResults.h"
#include "whisper.h"

namespace parley {

namespace {

constexpr uint32_t kMostDraftTokens = 224;
constexpr const char *kInvalid = "NATIVE_INVALID_ARGUMENT";

std::string textOf(const Napi::Object &object, const char *key) { return object.Get(key).ToString().Utf8Value(); }
double numberOf(const Napi::Object &object, const char *key) { return object.Get(key).ToNumber().DoubleValue(); }
int intOf(const Napi::Object &object, const char *key) { return object.Get(key).ToNumber().Int32Value(); }
bool flagOf(const Napi::Object &object, const char *key) { return object.Get(key).ToBoolean().Value(); }

bool readAudio(const Napi::Value &pcm, AudioInput &audio) {
  if (!pcm.IsTypedArray()) return false;
  const auto array = pcm.As<Napi::TypedArray>();
  if (array.ElementLength() > kMaxSamples) {
    audio.given = array.ElementLength(); // refused later with its own sentence; no need to copy
    return true;
  }
  if (array.TypedArrayType() == napi_int16_array) {
    audio = audioFromInt16(array.As<Napi::Int16Array>().Data(), array.ElementLength());
    return true;
  }
  if (array.TypedArrayType() == napi_float32_array) {
    audio = audioFromFloat(array.As<Napi::Float32Array>().Data(), array.ElementLength());
    return true;
  }
  return false;
}

std::vector<std::string> textsOf(const Napi::Object &object, const char *key) {
  std::vector<std::string> texts;
  const Napi::Value value = object.Get(key);
  if (!value.IsArray()) return texts;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) texts.push_back(array.Get(i).ToString().Utf8Value());
  return texts;
}

std::vector<int> numbersOf(const Napi::Object &object, const char *key) {
  std::vector<int> numbers;
  const Napi::Value value = object.Get(key);
  if (!value.IsArray()) return numbers;
  const auto array = value.As<Napi::Array>();
  const uint32_t count = std::min<uint32_t>(array.Length(), kMostDraftTokens);
  for (uint32_t i = 0; i < count; i++) numbers.push_back(array.Get(i).ToNumber().Int32Value());
  return numbers;
}

bool readJob(const Napi::Object &object, Job &job) {
  if (!readAudio(object.Get("pcm"), job.audio)) return false;
  job.language = textOf(object, "language");
  job.languages = textsOf(object, "languages");
  const Napi::Value settled = object.Get("settled");
  if (settled.IsObject()) {
    job.settledLanguage = textOf(settled.As<Napi::Object>(), "language");
    job.switchProbability = numberOf(settled.As<Napi::Object>(), "switchProbability");
  }
  job.prompt = textOf(object, "prompt");
  job.draft = numbersOf(object, "draft");
  job.translate = flagOf(object, "translate");
  job.words = flagOf(object, "words");
  job.audioContext = intOf(object, "audioContext");
  job.beamSize = std::clamp(intOf(object, "beamSize"), 1, 8);
  job.maxTokens = std::clamp(intOf(object, "maxTokens"), 1, 224);
  job.temperature = static_cast<float>(numberOf(object, "temperature"));
  job.temperatureIncrement = static_cast<float>(numberOf(object, "temperatureIncrement"));
  job.threads = intOf(object, "threads");
  job.noSpeechThreshold = static_cast<float>(numberOf(object, "noSpeechThreshold"));
  job.logProbabilityThreshold = static_cast<float>(numberOf(object, "logProbabilityThreshold"));
  job.entropyThreshold = static_cast<float>(numberOf(object, "entropyThreshold"));
  job.timeoutMs = numberOf(object, "timeoutMs");
  return true;
}

Napi::Object engineToJs(Napi::Env env, const std::shared_ptr<EngineHost> &host) {
  Napi::Object engine = Napi::Object::New(env);
  engine.Set("transcribe", Napi::Function::New(
                               env,
                               [host](const Napi::CallbackInfo &info) -> Napi::Value {
                                 return guarded(info.Env(), [&]() -> Napi::Value {
                                   Job job;
                                   if (!info[0].IsNumber() || !info[1].IsObject() ||
                                       !readJob(info[1].As<Napi::Object>(), job)) {
                                     return throwError(info.Env(), kInvalid, "transcribe takes a lane and a job");
                                   }
                                   return host->transcribe(info[0].As<Napi::Number>().Int32Value(), std::move(job));
                                 });
                               },
                               "transcribe"));
  engine.Set("abort", Napi::Function::New(
                          env,
                          [host](const Napi::CallbackInfo &info) -> Napi::Value {
                            return guarded(info.Env(), [&]() -> Napi::Value {
                              if (info[0].IsNumber()) host->abort(info[0].As<Napi::Number>().Int32Value());
                              return info.Env().Undefined();
                            });
                          },
                          "abort"));
  engine.Set("close", Napi::Function::New(
                          env,
                          [host](const Napi::CallbackInfo &info) -> Napi::Value {
                            return guarded(info.Env(), [&]() -> Napi::Value { return host->close(); });
                          },
                          "close"));
  return engine;
}

/** Loads the model on a pool thread and settles the promise on the JavaScript thread. */
class EngineLoader final : public Napi::AsyncWorker {
public:
  EngineLoader(Napi::Env env, EngineOptions options)
      : Napi::AsyncWorker(env, "parley.loadModel"), deferred_(env), options_(std::move(options)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

protected:
  void Execute() override {
    try {
      engine_ = SpeechEngine::load(options_, error_);
    } catch (const std::exception &failure) {
      error_ = failure.what();
    } catch (...) {
      error_ = "unknown native error";
    }
  }

  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (!engine_) {
      deferred_.Reject(makeError(Env(), "NATIVE_MODEL_UNREADABLE", error_));
      return;
    }
    auto host = std::make_shared<EngineHost>(Env(), std::move(engine_));
    Napi::Object loaded = Napi::Object::New(Env());
    loaded.Set("engine", engineToJs(Env(), host));
    loaded.Set("info", infoToJs(Env(), host->info()));
    deferred_.Resolve(loaded);
  }

private:
  Napi::Promise::Deferred deferred_;
  EngineOptions options_;
  std::unique_ptr<SpeechEngine> engine_;
  std::string error_;
};

Napi::Value loadEngine(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    if (!info[0].IsObject()) return throwError(env, kInvalid, "loadEngine takes an object of options");
    const auto object = info[0].As<Napi::Object>();
    EngineOptions options;
    options.modelPath = textOf(object, "modelPath");
    options.device = textOf(object, "device");
    options.lanes = std::clamp(intOf(object, "lanes"), 1, 8);
    options.threadsPerLane = std::clamp(intOf(object, "threadsPerLane"), 1, 64);
    options.flashAttention = flagOf(object, "flashAttention");
    const Napi::Value encoder = object.Get("encoder");
    if (encoder.IsObject()) {
      options.encoder.libraryPath = textOf(encoder.As<Napi::Object>(), "libraryPath");
      options.encoder.graphPath = textOf(encoder.As<Napi::Object>(), "graphPath");
    }
    auto *loader = new EngineLoader(env, std::move(options));
    const Napi::Promise promise = loader->promise();
    loader->Queue();
    return promise;
  });
}

/** Why ONNX Runtime's library cannot be used; undefined if it can. */
Napi::Value onnxRuntimeProblem(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    if (!info[0].IsString()) return throwError(env, kInvalid, "onnxRuntimeProblem takes the library's path");
    const std::string problem = OnnxEncoder::problemWith(info[0].As<Napi::String>().Utf8Value());
    return problem.empty() ? env.Undefined() : Napi::String::New(env, problem);
  });
}

Napi::Value isLanguage(const Napi::CallbackInfo &info) {
  if (!info[0].IsString()) return Napi::Boolean::New(info.Env(), false);
  const std::string code = info[0].As<Napi::String>().Utf8Value();
  const int id = whisper_lang_id(code.c_str());
  // whisper.cpp also takes English names of languages; the contract allows only codes.
  return Napi::Boolean::New(info.Env(), id >= 0 && code == whisper_lang_str(id));
}

} // namespace

void exportEngine(Napi::Env env, Napi::Object exports) {
  silenceEngineLogs();
  exports.Set("loadEngine", Napi::Function::New(env, loadEngine, "loadEngine"));
  exports.Set("onnxRuntimeProblem", Napi::Function::New(env, onnxRuntimeProblem, "onnxRuntimeProblem"));
  exports.Set("isLanguage", Napi::Function::New(env, isLanguage, "isLanguage"));
}

} // namespace parley
