#include "Lane.h"

#include <algorithm>

#include "backends.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "whisper.h"
#include "whisperAccess.h"

namespace parley {

namespace {

std::int64_t nowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/** A function of the CPU backend's library, which is loaded at run time and not linked. */
template <typename Function> Function cpuFunction(ggml_backend_t backend, const char *name) {
  ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(ggml_backend_get_device(backend));
  return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}

} // namespace

std::unique_ptr<Lane> Lane::create(whisper_context *context, OnnxEncoder *encoder, int threads, std::string &error) {
  std::unique_ptr<Lane> lane(new Lane(context, encoder, threads));
  if (!lane->makeState(error)) return nullptr;
  lane->thread_ = std::thread(&Lane::loop, lane.get());
  return lane;
}

Lane::~Lane() {
  close();
  freeState();
}

bool Lane::makeState(std::string &error) {
  clearEngineError();
  state_ = whisper_init_state(context_);
  if (state_ == nullptr) {
    error = lastEngineError().empty() ? "not enough memory for a decoder state" : lastEngineError();
    return false;
  }
  access::useHugePages(state_);
  attachThreads();
  return true;
}

/**
 * Gives the state's CPU backend permanent compute threads (whisper.cpp would start new ones for every graph, that is for every token) that
 * sleep between graphs (poll 0), and lets it stop between graph nodes.
 */
void Lane::attachThreads() {
  ggml_backend_t cpu = access::cpuBackend(state_);
  if (cpu == nullptr) return;
  if (auto setAbort = cpuFunction<ggml_backend_set_abort_callback_t>(cpu, "ggml_backend_set_abort_callback")) {
    setAbort(cpu, &Lane::stopCallback, this);
  }
  if (threads_ < 2) return;
  using NewPool = ggml_threadpool *(*)(ggml_threadpool_params *);
  using SetPool = void (*)(ggml_backend_t, ggml_threadpool *);
  auto newPool = cpuFunction<NewPool>(cpu, "ggml_threadpool_new");
  auto setPool = cpuFunction<SetPool>(cpu, "ggml_backend_cpu_set_threadpool");
  freePool_ = cpuFunction<void (*)(ggml_threadpool *)>(cpu, "ggml_threadpool_free");
  if (newPool == nullptr || setPool == nullptr || freePool_ == nullptr) return;
  ggml_threadpool_params params = ggml_threadpool_params_default(threads_);
  params.poll = 0;
  pool_ = newPool(&params);
  if (pool_ != nullptr) setPool(cpu, pool_);
}

void Lane::freeState() {
  if (state_ != nullptr) whisper_free_state(state_);
  state_ = nullptr;
  freePool();
}

void Lane::freePool() {
  if (pool_ != nullptr) freePool_(pool_);
  pool_ = nullptr;
}

bool Lane::submit(Job job, Completion done) {
  {
    std::lock_guard lock(mutex_);
    if (busy_ || closing_) return false;
    busy_ = true;
    aborted_ = false;
    deadlineNs_ = job.timeoutMs > 0 ? nowNs() + static_cast<std::int64_t>(job.timeoutMs * 1e6) : 0;
    job_ = std::move(job);
    done_ = std::move(done);
  }
  wake_.notify_one();
  return true;
}

void Lane::abort() {
  std::lock_guard lock(mutex_);
  if (busy_) aborted_ = true;
}

void Lane::beginClose() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
}

void Lane::close() {
  beginClose();
  if (thread_.joinable()) thread_.join();
}

bool Lane::shouldStop() const {
  if (aborted_ || closing_) return true;
  const std::int64_t deadline = deadlineNs_;
  return deadline != 0 && nowNs() >= deadline;
}

bool Lane::stopCallback(void *lane) { return static_cast<Lane *>(lane)->shouldStop(); }

void Lane::loop() {
  for (;;) {
    Job job;
    Completion done;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || job_.has_value(); });
      if (!job_) return;
      job = std::move(*job_);
      job_.reset();
      done = std::move(done_);
    }
    Outcome outcome = runJob(job);
    {
      // Free before the answer is sent, so that its receiver can submit the next job.
      std::lock_guard lock(mutex_);
      busy_ = false;
    }
    done(std::move(outcome));
  }
}

Outcome Lane::runJob(const Job &job) {
  Outcome outcome;
  std::string error;
  if (state_ == nullptr && !makeState(error)) {
    outcome.status = Status::DecodeFailed;
    outcome.message = error;
    return outcome;
  }
  const int threads = job.threads > 0 ? std::min(job.threads, threads_) : threads_;
  outcome = transcribe(context_, state_, job, threads, *this, encoder_);
  if (state_ == nullptr) freePool(); // whisper.cpp freed the state; the next job makes another with its own threads
  if (closing_ && outcome.status != Status::Ok) {
    outcome.status = Status::Closed;
    outcome.message = "the engine was closed while the job ran";
  } else if (aborted_) {
    outcome.status = Status::Aborted;
    outcome.message = "the job was aborted";
  } else if (outcome.status == Status::Aborted) {
    outcome.message = "the job ran out of its time";
  }
  return outcome;
}

} // namespace parley
