#include "audioInput.h"

#include <algorithm>
#include <cmath>

namespace parley {
namespace {

// Below 201 samples whisper.cpp 1.9.1 reads out of bounds, below 100 ms it answers nothing; a second is what it was
// trained to see at the least.
constexpr std::size_t kMinimumSamples = kSampleRate;

void pad(AudioInput& input) {
  if (input.samples.size() < kMinimumSamples) {
    input.samples.resize(kMinimumSamples, 0.0f);
  }
}

}  // namespace

AudioInput audioFromInt16(const std::int16_t* pcm, std::size_t length) {
  AudioInput input;
  input.original = length;
  input.samples.resize(length);
  std::transform(pcm, pcm + length, input.samples.begin(),
                 [](std::int16_t sample) { return static_cast<float>(sample) / 32768.0f; });
  pad(input);
  return input;
}

AudioInput audioFromFloat(const float* pcm, std::size_t length) {
  AudioInput input;
  input.original = length;
  input.samples.resize(length);
  for (std::size_t i = 0; i < length; ++i) {
    float sample = pcm[i];
    if (!std::isfinite(sample)) {
      sample = 0.0f;
      ++input.sanitized;
    } else if (sample < -1.0f || sample > 1.0f) {
      sample = std::clamp(sample, -1.0f, 1.0f);
      ++input.sanitized;
    }
    input.samples[i] = sample;
  }
  pad(input);
  return input;
}

}  // namespace parley
