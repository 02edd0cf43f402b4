#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

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
   * @param threads at most; it takes all of its own, or half, a quarter ... of them
   * @return an empty string, or a sentence on what went wrong (also when it was stopped)
   */
  std::string encode(const AudioInput &audio, const CrossAttentionCache &cache, int threads, const StopSignal &stop);

  /** Not after it failed once: what fails for one audio most likely fails for the next. */
  bool usable() const { return !failed_; }
  void giveUp(std::string reason);
  /** Why it was given up, to be told by whoever asks first; empty for all others. */
  std::string takeFailure();

  std::string version() const;

  /** Loads the library, where that was not done yet. @return an empty string, or why it cannot be used */
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
  /** By their threads, which a session has for good. Each keeps weights of its own, so it is opened when it is first needed. */
  std::map<int, std::unique_ptr<Session>> sessions_;
};

} // namespace parley
