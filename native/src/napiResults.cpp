#include "napiResults.h"

namespace parley {

namespace {

Napi::Value wordsToJs(Napi::Env env, const std::vector<Word> &words) {
  Napi::Array list = Napi::Array::New(env, words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    Napi::Object word = Napi::Object::New(env);
    word.Set("text", words[i].text);
    word.Set("startMs", words[i].startMs);
    word.Set("endMs", words[i].endMs);
    word.Set("probability", words[i].probability);
    list.Set(static_cast<std::uint32_t>(i), word);
  }
  return list;
}

} // namespace

Napi::Value transcriptionToJs(Napi::Env env, const Outcome &outcome) {
  const Transcription &value = outcome.value;
  Napi::Object timings = Napi::Object::New(env);
  timings.Set("melMs", value.melMs);
  timings.Set("encodeMs", value.encodeMs);
  timings.Set("decodeMs", value.decodeMs);
  timings.Set("totalMs", value.totalMs);

  Napi::Object result = Napi::Object::New(env);
  result.Set("text", value.text);
  result.Set("language", value.language);
  result.Set("languageProbability", value.languageProbability);
  if (!value.likelierLanguage.empty()) {
    Napi::Object likelier = Napi::Object::New(env);
    likelier.Set("language", value.likelierLanguage);
    likelier.Set("probability", value.likelierProbability);
    result.Set("likelier", likelier);
  }
  result.Set("noSpeechProbability", value.noSpeechProbability);
  result.Set("meanLogProbability", value.meanLogProbability);
  result.Set("tokens", static_cast<double>(value.tokenIds.size()));
  Napi::Array tokenIds = Napi::Array::New(env, value.tokenIds.size());
  for (std::size_t i = 0; i < value.tokenIds.size(); ++i) {
    tokenIds.Set(static_cast<std::uint32_t>(i), value.tokenIds[i]);
  }
  result.Set("tokenIds", tokenIds);
  if (!value.encoderFailure.empty()) result.Set("encoderFailure", value.encoderFailure);
  if (value.truncated) result.Set("truncated", true);
  if (value.looped) result.Set("looped", true);
  if (value.unpromptedLogProbability) result.Set("unpromptedLogProbability", *value.unpromptedLogProbability);
  if (outcome.wantsWords) result.Set("words", wordsToJs(env, value.words));
  result.Set("sanitizedSamples", static_cast<double>(outcome.sanitized));
  result.Set("timings", timings);
  return result;
}

Napi::Value infoToJs(Napi::Env env, const EngineInfo &info) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("device", info.gpu ? "cuda" : "cpu");
  result.Set("deviceName", info.deviceName);
  if (!info.fallbackReason.empty()) result.Set("fallbackReason", info.fallbackReason);
  result.Set("multilingual", info.multilingual);
  result.Set("modelType", info.modelType);
  result.Set("loadMs", info.loadMs);
  result.Set("engineVersion", info.engineVersion);
  result.Set("encoder", info.encoderVersion.empty() ? "whispercpp" : "onnx");
  if (!info.encoderVersion.empty()) result.Set("encoderVersion", info.encoderVersion);
  if (!info.encoderFailure.empty()) result.Set("encoderFailure", info.encoderFailure);
  return result;
}

} // namespace parley
