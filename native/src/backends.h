#pragma once

#include <string>

namespace parley {

/** Text of the last error that whisper.cpp or ggml reported on this thread, without its line end; empty for none. */
std::string lastEngineError();
void clearEngineError();

/** Drops all log output of whisper.cpp and ggml, keeping errors for `lastEngineError`. Idempotent. */
void silenceEngineLogs();

/** Loads the ggml backends that lie in the addon's own folder, once a process. */
void loadBackends();

struct DeviceChoice {
  bool gpu = false;
  /** Device's own name, e.g. "AMD EPYC" or "NVIDIA H100 80GB HBM3". */
  std::string name;
  /** Why a GPU that was wanted, or that is in the machine, is not used; empty when there is nothing to say. */
  std::string fallbackReason;
  /** Set when there is no usable device at all. */
  std::string error;
};

/** @param wanted `auto`, `cpu` or `cuda` */
DeviceChoice chooseDevice(const std::string &wanted);

/** Name of the CPU device. */
std::string cpuName();

} // namespace parley
