#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley {

constexpr int kSampleRate = 16000;
/** whisper.cpp reads past the end of very short input (log-mel's reflective padding); one second is always enough. */
constexpr std::size_t kMinSamples = kSampleRate;
constexpr std::size_t kMaxSamples = 30 * kSampleRate;

/** 16 kHz mono in [-1, 1], at least one second, with what had to be done to it. */
struct AudioInput {
  std::vector<float> samples;
  /** Samples that the caller gave; the rest is silence. */
  std::size_t given = 0;
  /** Samples that were NaN or infinite (now 0) or out of range (now clipped). */
  std::size_t sanitized = 0;

  double givenMs() const { return static_cast<double>(given) * 1000.0 / kSampleRate; }
};

AudioInput audioFromInt16(const std::int16_t *samples, std::size_t count);
AudioInput audioFromFloat(const float *samples, std::size_t count);

} // namespace parley
