#include "audioInput.h"

#include <algorithm>
#include <cmath>

namespace parley {

namespace {

AudioInput silence(std::size_t count) {
  AudioInput input;
  input.samples.assign(std::max(count, kMinSamples), 0.0f);
  input.given = count;
  return input;
}

} // namespace

AudioInput audioFromInt16(const std::int16_t *samples, std::size_t count) {
  AudioInput input = silence(count);
  for (std::size_t i = 0; i < count; ++i) input.samples[i] = static_cast<float>(samples[i]) / 32768.0f;
  return input;
}

AudioInput audioFromFloat(const float *samples, std::size_t count) {
  AudioInput input = silence(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float sample = samples[i];
    if (!std::isfinite(sample)) {
      ++input.sanitized;
    } else if (sample < -1.0f || sample > 1.0f) {
      input.samples[i] = std::clamp(sample, -1.0f, 1.0f);
      ++input.sanitized;
    } else {
      input.samples[i] = sample;
    }
  }
  return input;
}

} // namespace parley
