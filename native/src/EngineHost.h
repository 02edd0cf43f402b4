#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <thread>

#include "SpeechEngine.h"

namespace parley {

/**
 * One engine as JavaScript holds it: carries answers from lane threads to the event loop, keeps the loop alive while
 * jobs run, and closes the engine before the environment goes away. All methods on the JavaScript thread.
 *
 * A running job holds the host, so that collected JavaScript objects take nothing away under it. What holds it is
 * handed from the lane's thread to the event loop with the answer: the destructor joins the lanes and must not run on one.
 */
class EngineHost : public std::enable_shared_from_this<EngineHost> {
public:
  EngineHost(Napi::Env env, std::unique_ptr<SpeechEngine> engine);
  ~EngineHost();
  EngineHost(const EngineHost &) = delete;
  EngineHost &operator=(const EngineHost &) = delete;

  const EngineInfo &info() const { return engine_->info(); }
  Napi::Promise transcribe(int lane, Job job);
  void abort(int lane) { engine_->abort(lane); }
  Napi::Promise close();

private:
  using Task = std::function<void(Napi::Env)>;

  void post(Task task);
  void hold();
  void release();
  void shutDown();
  static void environmentEnds(void *host);

  Napi::Env env_;
  std::unique_ptr<SpeechEngine> engine_;
  Napi::ThreadSafeFunction queue_;
  std::thread closer_;
  int pending_ = 0;
  bool down_ = false;
  std::vector<std::shared_ptr<Napi::Promise::Deferred>> closeWaiters_;
  bool closeStarted_ = false;
  bool closed_ = false;
};

} // namespace parley
