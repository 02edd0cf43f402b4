#include "backends.h"

#include <dlfcn.h>

#include <filesystem>
#include <mutex>

#include "ggml-backend.h"
#include "whisper.h"

namespace parley {

namespace {

thread_local std::string threadError;

void keepErrors(ggml_log_level level, const char *text, void *) {
  if (level != GGML_LOG_LEVEL_ERROR || text == nullptr) return;
  std::string line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  if (!line.empty()) threadError = std::move(line);
}

std::filesystem::path addonFolder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void *>(&addonFolder), &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

ggml_backend_dev_t deviceOfType(enum ggml_backend_dev_type type) {
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (ggml_backend_dev_type(device) == type) return device;
  }
  return nullptr;
}

std::string describe(ggml_backend_dev_t device) {
  const char *description = ggml_backend_dev_description(device);
  return description == nullptr ? "" : description;
}

/** Why no CUDA device came up; only called if none did. */
std::string whyNoCuda() {
  std::error_code ec;
  const auto library = addonFolder() / "libggml-cuda.so";
  const bool driver = std::filesystem::exists("/dev/nvidiactl", ec);
  if (!std::filesystem::exists(library, ec)) {
    return driver ? "an NVIDIA driver is present, but the addon was built without its CUDA backend"
                  : "the addon was built without its CUDA backend and no NVIDIA driver is present";
  }
  // Loading is silent in ggml's release build; a second attempt gives the reason.
  if (void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    dlclose(handle);
    return driver ? "the CUDA backend found no device that it can use" : "no NVIDIA driver is present";
  }
  const char *reason = dlerror();
  return std::string("the CUDA backend could not be loaded: ") + (reason == nullptr ? "unknown reason" : reason);
}

bool cudaLibraryOrDriverPresent() {
  std::error_code ec;
  return std::filesystem::exists(addonFolder() / "libggml-cuda.so", ec) || std::filesystem::exists("/dev/nvidiactl", ec);
}

} // namespace

std::string lastEngineError() { return threadError; }

void clearEngineError() { threadError.clear(); }

void silenceEngineLogs() {
  static std::once_flag once;
  std::call_once(once, [] {
    whisper_log_set(keepErrors, nullptr);
    ggml_log_set(keepErrors, nullptr);
    // ggml's own handler prints and starts a debugger; the supervisor sees the signal that follows.
    ggml_set_abort_callback([](const char *) {});
  });
}

void loadBackends() {
  static std::once_flag once;
  std::call_once(once, [] {
    silenceEngineLogs();
    ggml_backend_load_all_from_path(addonFolder().c_str());
  });
}

std::string cpuName() {
  ggml_backend_dev_t cpu = deviceOfType(GGML_BACKEND_DEVICE_TYPE_CPU);
  return cpu == nullptr ? "" : describe(cpu);
}

DeviceChoice chooseDevice(const std::string &wanted) {
  loadBackends();
  DeviceChoice choice;
  if (deviceOfType(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
    choice.error = "no ggml CPU backend lies in " + addonFolder().string() + "; build the addon again";
    return choice;
  }
  if (wanted != "cpu") {
    if (ggml_backend_dev_t gpu = deviceOfType(GGML_BACKEND_DEVICE_TYPE_GPU)) {
      choice.gpu = true;
      choice.name = describe(gpu);
      return choice;
    }
    if (wanted == "cuda" || cudaLibraryOrDriverPresent()) choice.fallbackReason = whyNoCuda();
  }
  choice.name = cpuName();
  return choice;
}

} // namespace parley
