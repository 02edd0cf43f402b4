#include "EngineHost.h"

#include "napiErrors.h"
#include "napiResults.h"

namespace parley {

EngineHost::EngineHost(Napi::Env env, std::unique_ptr<SpeechEngine> engine) : env_(env), engine_(std::move(engine)) {
  // Unbounded on purpose: it holds at most one answer per lane and one for `close`.
  queue_ = Napi::ThreadSafeFunction::New(env, Napi::Function(), "parley.speechEngine", 0, 1);
  queue_.Unref(env);
  // Runs before the environment frees the queue (hooks go last in, first out).
  napi_add_env_cleanup_hook(env, &EngineHost::environmentEnds, this);
}

EngineHost::~EngineHost() {
  if (!down_) napi_remove_env_cleanup_hook(env_, &EngineHost::environmentEnds, this);
  shutDown();
}

void EngineHost::environmentEnds(void *host) { static_cast<EngineHost *>(host)->shutDown(); }

void EngineHost::shutDown() {
  if (down_) return;
  down_ = true;
  if (closer_.joinable()) closer_.join();
  engine_->close();
  queue_.Release();
}

void EngineHost::post(Task task) {
  auto *boxed = new Task(std::move(task));
  const napi_status status = queue_.BlockingCall(boxed, [](Napi::Env env, Napi::Function, Task *body) {
    std::unique_ptr<Task> owned(body);
    // A null environment is ending, and nothing waits for the answer any more.
    if (static_cast<napi_env>(env) == nullptr) return;
    Napi::HandleScope scope(env);
    (*owned)(env);
  });
  if (status != napi_ok) delete boxed;
}

void EngineHost::hold() {
  if (pending_++ == 0) queue_.Ref(env_);
}

void EngineHost::release() {
  if (--pending_ == 0 && !down_) queue_.Unref(env_);
}

Napi::Promise EngineHost::transcribe(int lane, Job job) {
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env_);
  std::string message;
  const Status status = engine_->submit(
      lane, std::move(job),
      [self = shared_from_this(), deferred](Outcome outcome) mutable {
        EngineHost *host = self.get();
        host->post([self = std::move(self), deferred, outcome = std::move(outcome)](Napi::Env env) {
          self->release();
          if (outcome.status == Status::Ok) {
            deferred->Resolve(transcriptionToJs(env, outcome));
          } else {
            deferred->Reject(makeError(env, errorCode(outcome.status), outcome.message));
          }
        });
      },
      message);
  if (status == Status::Ok) {
    hold();
  } else {
    deferred->Reject(makeError(env_, errorCode(status), message));
  }
  return deferred->Promise();
}

Napi::Promise EngineHost::close() {
  auto deferred = std::make_shared<Napi::Promise::Deferred>(env_);
  if (closed_) {
    deferred->Resolve(env_.Undefined());
    return deferred->Promise();
  }
  closeWaiters_.push_back(deferred);
  if (!closeStarted_) {
    closeStarted_ = true;
    hold();
    closer_ = std::thread([self = shared_from_this()]() mutable {
      EngineHost *host = self.get();
      host->engine_->close(); // lanes post their last answers before they end, so those arrive first
      host->post([self = std::move(self)](Napi::Env env) {
        self->closed_ = true;
        self->release();
        for (const auto &waiter : self->closeWaiters_) waiter->Resolve(env.Undefined());
        self->closeWaiters_.clear();
      });
    });
  }
  return deferred->Promise();
}

} // namespace parley
