#include "OnnxEncoder.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "onnxruntime_c_api.h"

namespace parley {

namespace {

constexpr int kHop = 160;
constexpr int kFftSize = 400;
/** How often a run checks whether it should stop. */
constexpr std::chrono::milliseconds kStopInterval{5};

/** Samples in the form that the graph takes: half a transform mirrored in front, silence behind, cut at the window's end. */
std::vector<float> framed(const AudioInput &audio, int frames) {
  constexpr int kMirrored = kFftSize / 2;
  std::vector<float> padded(static_cast<std::size_t>(kHop) * (2 * frames - 1) + kFftSize, 0.0f);
  const auto &samples = audio.samples;
  const std::size_t count = std::min(samples.size(), padded.size() - kMirrored);
  std::copy_n(samples.begin(), count, padded.begin() + kMirrored);
  if (samples.size() > kMirrored) {
    std::reverse_copy(samples.begin() + 1, samples.begin() + 1 + kMirrored, padded.begin());
  }
  return padded;
}

} // namespace

/** The library. It is loaded on first use, and stays. */
struct OnnxEncoder::Runtime {
  const OrtApi *api = nullptr;
  OrtEnv *environment = nullptr;
  OrtMemoryInfo *memory = nullptr;
  std::string version;
  std::string error;

  static const Runtime &of(const std::string &libraryPath) {
    static std::mutex mutex;
    static std::map<std::string, Runtime> runtimes;
    std::lock_guard lock(mutex);
    const auto [found, isNew] = runtimes.try_emplace(libraryPath);
    if (isNew) found->second.open(libraryPath);
    return found->second;
  }

  void open(const std::string &libraryPath) {
    void *library = dlopen(libraryPath.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      error = dlerror();
      return;
    }
    using GetBase = const OrtApiBase *(*)();
    const auto getBase = reinterpret_cast<GetBase>(dlsym(library, "OrtGetApiBase"));
    if (getBase == nullptr) {
      error = libraryPath + " is not ONNX Runtime";
      return;
    }
    api = getBase()->GetApi(ORT_API_VERSION);
    version = getBase()->GetVersionString();
    if (api == nullptr) {
      error = "ONNX Runtime " + version + " is older than 1." + std::to_string(ORT_API_VERSION);
      return;
    }
    error = take(api->CreateEnvWithCustomLogger(ignore, nullptr, ORT_LOGGING_LEVEL_FATAL, "parley", &environment));
    if (error.empty()) error = take(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  }

  /** @return the message of a failure; empty if there is none */
  std::string take(OrtStatus *status) const {
    if (status == nullptr) return {};
    std::string message = api->GetErrorMessage(status);
    api->ReleaseStatus(status);
    return message.empty() ? "unknown error" : message;
  }

  /** Native code prints nothing; errors are in the statuses. */
  static void ORT_API_CALL ignore(void *, OrtLoggingLevel, const char *, const char *, const char *, const char *) {}
};

struct OnnxEncoder::Session {
  const Runtime &runtime;
  int threads;
  OrtSession *session = nullptr;

  Session(const Runtime &given, int count) : runtime(given), threads(count) {}
  ~Session() {
    if (session != nullptr) runtime.api->ReleaseSession(session);
  }

  std::string open(const std::string &graphPath) {
    const OrtApi &api = *runtime.api;
    OrtSessionOptions *options = nullptr;
    std::string error = runtime.take(api.CreateSessionOptions(&options));
    if (!error.empty()) return error;
    const auto set = [&](OrtStatus *status) {
      std::string message = runtime.take(status);
      if (error.empty()) error = std::move(message);
    };
    set(api.SetIntraOpNumThreads(options, threads));
    set(api.SetInterOpNumThreads(options, 1));
    set(api.SetSessionExecutionMode(options, ORT_SEQUENTIAL));
    // The graph is written in its final form: what further levels join (sums with norms) takes longer.
    set(api.SetSessionGraphOptimizationLevel(options, ORT_ENABLE_BASIC));
    // Waiting threads leave their core to other lanes.
    set(api.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"));
    if (error.empty()) set(api.CreateSession(runtime.environment, graphPath.c_str(), options, &session));
    api.ReleaseSessionOptions(options);
    return error;
  }
};

namespace {

/** Checks, on its own thread, whether a run should stop, and stops it. */
class Watch {
public:
  Watch(const OrtApi &api, OrtRunOptions *run, const StopSignal &stop)
      : thread_([this, &api, run, &stop] {
          std::unique_lock lock(mutex_);
          while (!ended_.wait_for(lock, kStopInterval, [this] { return over_; })) {
            if (!stop.shouldStop()) continue;
            if (OrtStatus *status = api.RunOptionsSetTerminate(run)) api.ReleaseStatus(status);
            return;
          }
        }) {}
  ~Watch() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Watch(const Watch &) = delete;
  Watch &operator=(const Watch &) = delete;

private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

/** What one run holds, released at its end. */
struct Held {
  const OrtApi &api;
  OrtRunOptions *options = nullptr;
  std::array<OrtValue *, 3> values{};

  explicit Held(const OrtApi &given) : api(given) {}
  ~Held() {
    for (OrtValue *value : values) {
      if (value != nullptr) api.ReleaseValue(value);
    }
    if (options != nullptr) api.ReleaseRunOptions(options);
  }
};

} // namespace

std::string OnnxEncoder::problemWith(const std::string &libraryPath) { return Runtime::of(libraryPath).error; }

std::unique_ptr<OnnxEncoder> OnnxEncoder::load(const OnnxEncoderOptions &options, int threads, std::string &error) {
  const Runtime &runtime = Runtime::of(options.libraryPath);
  error = runtime.error;
  if (!error.empty()) return nullptr;
  std::unique_ptr<OnnxEncoder> encoder(new OnnxEncoder(runtime, options.graphPath, threads));
  return encoder->sessionFor(threads, error) == nullptr ? nullptr : std::move(encoder);
}

OnnxEncoder::OnnxEncoder(const Runtime &runtime, std::string graphPath, int threads)
    : runtime_(runtime), graphPath_(std::move(graphPath)), threads_(threads) {}

OnnxEncoder::~OnnxEncoder() = default;

std::string OnnxEncoder::version() const { return runtime_.version; }

void OnnxEncoder::giveUp(std::string reason) {
  std::lock_guard lock(mutex_);
  if (!failed_.exchange(true)) failure_ = std::move(reason);
}

std::string OnnxEncoder::takeFailure() {
  if (!failed_) return {};
  std::lock_guard lock(mutex_);
  return std::exchange(failure_, {});
}

const OnnxEncoder::Session *OnnxEncoder::sessionFor(int threads, std::string &error) {
  int count = threads_;
  while (count > threads && count > 1) count /= 2;
  std::lock_guard lock(mutex_);
  auto &session = sessions_[count];
  if (session == nullptr) {
    auto opened = std::make_unique<Session>(runtime_, count);
    error = opened->open(graphPath_);
    if (!error.empty()) return nullptr;
    session = std::move(opened);
  }
  return session.get();
}

std::string OnnxEncoder::encode(const AudioInput &audio, const CrossAttentionCache &cache, int threads,
                                const StopSignal &stop) {
  std::string error;
  const Session *session = sessionFor(threads, error);
  if (session == nullptr) return error;
  const Runtime &runtime = runtime_;
  const OrtApi &api = *runtime.api;
  std::vector<float> samples = framed(audio, cache.frames);
  Held held(api);
  const auto tensor = [&](void *data, std::size_t elementBytes, std::array<std::int64_t, 3> shape,
                          ONNXTensorElementDataType type, std::size_t at) {
    const std::size_t bytes = elementBytes * static_cast<std::size_t>(shape[0] * shape[1] * shape[2]);
    return runtime.take(api.CreateTensorWithDataAsOrtValue(runtime.memory, data, bytes, shape.data(), shape.size(), type,
                                                           &held.values[at]));
  };
  constexpr auto kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  constexpr auto kHalf = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
  error = tensor(samples.data(), 4, {1, 1, static_cast<std::int64_t>(samples.size())}, kFloat, 0);
  if (error.empty()) error = tensor(cache.keys, 2, {cache.layers, cache.frames, cache.width}, kHalf, 1);
  if (error.empty()) error = tensor(cache.values, 2, {cache.layers, cache.width, cache.frames}, kHalf, 2);
  if (error.empty()) error = runtime.take(api.CreateRunOptions(&held.options));
  if (!error.empty()) return error;

  constexpr std::array<const char *, 1> kInputs{"samples"};
  constexpr std::array<const char *, 2> kOutputs{"keys", "values"};
  try {
    const Watch watch(api, held.options, stop);
    return runtime.take(api.Run(session->session, held.options, kInputs.data(), held.values.data(), kInputs.size(),
                                kOutputs.data(), kOutputs.size(), held.values.data() + 1));
  } catch (const std::system_error &failure) {
    // No thread could be started to watch the run.
    return failure.what();
  }
}

} // namespace parley
