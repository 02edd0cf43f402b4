#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "audioInput.h"
#include "transcription.h"

namespace parley {

/** Where the decoder keeps what it reads of the audio, as whisper.cpp lays it out without flash attention. 16-bit floats. */
struct CrossAttentionCache {
  /** [layers][frames][width] */
  void *keys = nullptr;
  /** [layers][width][frames] */
  void *values = nullptr;
  int layers = 0;
  int frames = 0;
  int width = 0;
};

struct OnnxEncoderOptions {
  /** ONNX Runtime's shared library. Empty: no encoder of this kind. */
  std::string libraryPath;
  /** The encoder's graph, see `encoderGraph.ts`. */
  std::string graphPath;
};

/** Whisper's encoder, run by ONNX Runtime, which is loaded when it is first needed. Safe to call from several threads. */
class OnnxEncoder {
public:
  /** @param threads most threads of one run @return null with a sentence in `error` */
  static std::unique_ptr<OnnxEncoder> load(const OnnxEncoderOptions &options, int threads, std::string &error);
  ~OnnxEncoder();
  OnnxEncoder(const OnnxEncoder &) = delete;
  OnnxEncoder &operator=(const OnnxEncoder &) = delete;

  /**
   * Encodes audio right into the decoder's cache. Blocks; stops soon after `stop` says so.
   * @return an empty string, or a sentence on what went wrong (also when it was stopped)
   */
  std::string encode(const AudioInput &audio, const CrossAttentionCache &cache, int threads, const StopSignal &stop) const;

  /** Not after it failed once: what fails for one audio most likely fails for the next. */
  bool usable() const { return !failed_; }
  void giveUp() { failed_ = true; }

  std::string version() const;

private:
  struct Runtime;
  struct Session;
  OnnxEncoder() = default;

  const Runtime *runtime_ = nullptr;
  std::atomic<bool> failed_{false};
  /** For one thread, and for as many as a run may have. */
  std::vector<std::unique_ptr<Session>> sessions_;
};

} // namespace parley
