#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley {

inline constexpr int kSampleRate = 16000;

/** Audio as whisper.cpp may see it: finite, in [-1, 1], at least one second long. */
struct AudioInput {
  std::vector<float> samples;
  /** Length before the padding. */
  std::size_t original = 0;
  /** Samples that were NaN, infinite (set to 0) or out of range (clipped). */
  std::size_t sanitized = 0;
};

AudioInput audioFromInt16(const std::int16_t* pcm, std::size_t length);
AudioInput audioFromFloat(const float* pcm, std::size_t length);

}  // namespace parley
