#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "transcription.h"

struct ggml_threadpool;

namespace parley {

using Completion = std::function<void(Outcome)>;

/** One `whisper_state` with a thread of its own; one job at a time. `context` and `encoder`, which may be null, outlive it. */
class Lane final : private StopSignal {
public:
  /** @return null with the reason in `error` */
  static std::unique_ptr<Lane> create(whisper_context *context, OnnxEncoder *encoder, int threads, std::string &error);
  ~Lane() override;
  Lane(const Lane &) = delete;
  Lane &operator=(const Lane &) = delete;

  /** Hands over a job unless one runs; `done` is called on the lane's thread, exactly once. @return false when busy */
  bool submit(Job job, Completion done);
  void abort();
  /** Refuses further jobs and asks the running one to stop, without waiting for it. */
  void beginClose();
  /** `beginClose`, then waits for the thread. Idempotent, not from the lane's thread. */
  void close();

private:
  Lane(whisper_context *context, OnnxEncoder *encoder, int threads)
      : context_(context), encoder_(encoder), threads_(threads) {}

  bool makeState(std::string &error);
  void freeState();
  void freePool();
  void attachThreads();
  void loop();
  Outcome runJob(const Job &job);
  bool shouldStop() const override;
  static bool stopCallback(void *lane);

  whisper_context *context_;
  OnnxEncoder *encoder_;
  int threads_;
  whisper_state *state_ = nullptr;
  ggml_threadpool *pool_ = nullptr;
  void (*freePool_)(ggml_threadpool *) = nullptr;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Job> job_;
  Completion done_;
  bool busy_ = false;
  std::atomic<bool> closing_{false};
  std::atomic<bool> aborted_{false};
  std::atomic<std::int64_t> deadlineNs_{0};
  std::thread thread_;
};

} // namespace parley
