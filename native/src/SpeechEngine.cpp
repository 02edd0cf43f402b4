#include "SpeechEngine.h"

#include <chrono>
#include <exception>

#include "backends.h"
#include "liveEngines.h"
#include "whisper.h"
#include "whisperAccess.h"
#include "wordAlignment.h"

namespace parley {

std::unique_ptr<SpeechEngine> SpeechEngine::load(const EngineOptions &options, std::string &error) {
  const auto started = std::chrono::steady_clock::now();
  const DeviceChoice choice = chooseDevice(options.device);
  if (!choice.error.empty()) {
    error = choice.error;
    return nullptr;
  }

  std::unique_ptr<SpeechEngine> engine(new SpeechEngine());
  EngineInfo &info = engine->info_;
  info.gpu = choice.gpu;
  info.deviceName = choice.name;
  info.fallbackReason = choice.fallbackReason;
  if (!engine->open(options, choice.gpu, error)) {
    if (!choice.gpu) return nullptr;
    info.gpu = false;
    info.deviceName = cpuName();
    info.fallbackReason = "the model could not be put on " + choice.name + ": " + error;
    engine->lanes_.clear();
    if (!engine->open(options, false, error)) return nullptr;
  }

  info.multilingual = whisper_is_multilingual(engine->context_) != 0;
  info.modelType = whisper_model_type_readable(engine->context_);
  info.engineVersion = whisper_version();
  info.loadMs = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  enterEngine(engine.get());
  return engine;
}

bool SpeechEngine::open(const EngineOptions &options, bool gpu, std::string &error) {
  try {
    if (context_ != nullptr) whisper_free(context_);
    clearEngineError();
    whisper_context_params params = whisper_context_default_params();
    params.use_gpu = gpu;
    params.flash_attn = options.flashAttention;
    chooseAlignmentHeads(options.modelPath.c_str(), params);
    context_ = whisper_init_from_file_with_params_no_state(options.modelPath.c_str(), params);
    if (context_ == nullptr) {
      error = lastEngineError().empty() ? "whisper.cpp could not read the model" : lastEngineError();
      return false;
    }
    if (!gpu) {
      access::useHugePages(context_);
      openEncoder(options);
    }
    for (int i = 0; i < options.lanes; ++i) {
      auto lane = Lane::create(context_, encoder_.get(), options.threadsPerLane, error);
      if (!lane) return false;
      lanes_.push_back(std::move(lane));
    }
    return true;
  } catch (const std::exception &failure) {
    error = failure.what();
    return false;
  }
}

/** An engine without it works, and says why it has none. */
void SpeechEngine::openEncoder(const EngineOptions &options) {
  if (options.encoder.libraryPath.empty() || options.encoder.graphPath.empty()) return;
  if (options.flashAttention) {
    info_.encoderFailure = "it does not go with flash attention";
    return;
  }
  encoder_ = OnnxEncoder::load(options.encoder, options.threadsPerLane, info_.encoderFailure);
  if (encoder_) info_.encoderVersion = encoder_->version();
}

SpeechEngine::~SpeechEngine() {
  removeEngine(this);
  close();
}

Status SpeechEngine::submit(int lane, Job job, Completion done, std::string &message) {
  std::lock_guard lock(submitMutex_);
  if (closing_) {
    message = "the engine is closed";
    return Status::Closed;
  }
  if (!hasLane(lane)) {
    message = "lane must be 0 to " + std::to_string(lanes_.size() - 1);
    return Status::InvalidArgument;
  }
  message = refuseJob(context_, job);
  if (!message.empty()) return Status::InvalidArgument;
  if (!lanes_[static_cast<std::size_t>(lane)]->submit(std::move(job), std::move(done))) {
    message = "lane " + std::to_string(lane) + " works on another job";
    return Status::LaneBusy;
  }
  return Status::Ok;
}

void SpeechEngine::abort(int lane) {
  std::lock_guard lock(submitMutex_);
  if (!closing_ && hasLane(lane)) lanes_[static_cast<std::size_t>(lane)]->abort();
}

void SpeechEngine::close() {
  std::lock_guard closeLock(closeMutex_);
  {
    std::lock_guard lock(submitMutex_);
    closing_ = true;
  }
  for (const auto &lane : lanes_) lane->beginClose(); // all at once, then one after the other
  lanes_.clear();
  encoder_.reset();
  if (context_ != nullptr) whisper_free(context_);
  context_ = nullptr;
}

} // namespace parley
