#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "audioInput.h"
#include "transcription.h"

namespace parley {

/** The decoder's cache of the encoded audio, as whisper.cpp lays it out without flash attention. 16-bit floats. */
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

/** Whisper's encoder, run by ONNX Runtime, which is loaded on first use. Safe to call from several threads. */
class OnnxEncoder {
public:
  /** @param threads most threads of one run @return null with a sentence in `error` */
  static std::unique_ptr<OnnxEncoder> load(const OnnxEncoderOptions &options, int threads, std::string &error);
  ~OnnxEncoder();
  OnnxEncoder(const OnnxEncoder &) = delete;
  OnnxEncoder &operator=(const OnnxEncoder &) = delete;

  /**
   * Encodes audio directly into the decoder's cache. Blocks; stops soon after `stop` is set.
   * @param threads upper limit; it takes all of its own, or half, a quarter ... of them
   * @return an empty string, or a sentence on what went wrong (also if it was stopped)
   */
  std::string encode(const AudioInput &audio, const CrossAttentionCache &cache, int threads, const StopSignal &stop);

  /** False after a failure: what fails for one audio most likely fails for the next. */
  bool usable() const { return !failed_; }
  void giveUp(std::string reason);
  /** Why it was given up, for the first caller only; empty for all others. */
  std::string takeFailure();

  std::string version() const;

  /** Loads the library unless that was done before. @return an empty string, or why it cannot be used */
  static std::string problemWith(const std::string &libraryPath);

private:
  struct Runtime;
  struct Session;
  OnnxEncoder(const Runtime &runtime, std::string graphPath, int threads);
  /** @return null with a sentence in `error` */
  const Session *sessionFor(int threads, std::string &error);

  const Runtime &runtime_;
  const std::string graphPath_;
  const int threads_;
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::string failure_;
  /** By number of threads, which is fixed for a session. Each keeps its own weights, so it is opened on first use. */
  std::map<int, std::unique_ptr<Session>> sessions_;
};

} // namespace parley
