#include "liveEngines.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "SpeechEngine.h"

namespace parley {

namespace {

struct LiveEngines {
  std::mutex mutex;
  std::vector<SpeechEngine *> engines;
};

/** Never destroyed: it is needed while everything else is. */
LiveEngines &live() {
  static auto *const engines = new LiveEngines();
  return *engines;
}

void closeAll() {
  std::lock_guard lock(live().mutex);
  for (SpeechEngine *engine : live().engines) engine->close();
}

} // namespace

void enterEngine(SpeechEngine *engine) {
  // Handlers of `exit` go last in, first out: after a model was loaded, the libraries' statics are there and will outlive this call.
  static std::once_flag once;
  std::call_once(once, [] { std::atexit(closeAll); });
  std::lock_guard lock(live().mutex);
  live().engines.push_back(engine);
}

void removeEngine(SpeechEngine *engine) {
  std::lock_guard lock(live().mutex);
  auto &engines = live().engines;
  engines.erase(std::remove(engines.begin(), engines.end(), engine), engines.end());
}

} // namespace parley
