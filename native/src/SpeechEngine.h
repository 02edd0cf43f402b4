#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "Lane.h"
#include "OnnxEncoder.h"

struct whisper_context;

namespace parley {

struct EngineOptions {
  std::string modelPath;
  /** `auto`, `cpu` or `cuda`. */
  std::string device;
  int lanes = 1;
  int threadsPerLane = 1;
  bool flashAttention = false;
  /** Used on a CPU if both are given. */
  OnnxEncoderOptions encoder;
};

struct EngineInfo {
  bool gpu = false;
  std::string deviceName;
  std::string fallbackReason;
  bool multilingual = false;
  std::string modelType;
  double loadMs = 0;
  std::string engineVersion;
  /** Version of ONNX Runtime if its encoder is in use; else empty. */
  std::string encoderVersion;
  /** Why it is not in use although it should be; else empty. */
  std::string encoderFailure;
};

/** whisper.cpp with one model and several lanes. Knows nothing of JavaScript; safe to call from any thread. */
class SpeechEngine {
public:
  /** Blocks while the model loads. @return null with a sentence in `error` */
  static std::unique_ptr<SpeechEngine> load(const EngineOptions &options, std::string &error);
  ~SpeechEngine();
  SpeechEngine(const SpeechEngine &) = delete;
  SpeechEngine &operator=(const SpeechEngine &) = delete;

  const EngineInfo &info() const { return info_; }
  /** @return `Status::Ok` if `done` will be called; else why not, with a sentence in `message` */
  Status submit(int lane, Job job, Completion done, std::string &message);
  void abort(int lane);
  /** Stops all lanes and frees the model. Idempotent; every caller returns after it is done. */
  void close();

private:
  SpeechEngine() = default;
  bool open(const EngineOptions &options, bool gpu, std::string &error);
  void openEncoder(const EngineOptions &options);
  bool hasLane(int lane) const { return lane >= 0 && static_cast<std::size_t>(lane) < lanes_.size(); }

  EngineInfo info_;
  whisper_context *context_ = nullptr;
  std::unique_ptr<OnnxEncoder> encoder_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<bool> closing_{false};
  std::mutex closeMutex_;
  std::mutex submitMutex_;
};

} // namespace parley
