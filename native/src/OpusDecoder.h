#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

struct OpusDecoder;

namespace parley {

/** libopus at 16 kHz mono. Not thread-safe. Every call returns the samples written or a negative libopus error. */
class PcmOpusDecoder {
public:
  static constexpr int kSampleRate = 16000;
  /** 2.5 ms, the grid of all Opus durations. */
  static constexpr int kGridSamples = 40;
  /** 120 ms, the longest packet. */
  static constexpr int kMaxSamples = 1920;

  static std::unique_ptr<PcmOpusDecoder> create();
  ~PcmOpusDecoder();
  PcmOpusDecoder(const PcmOpusDecoder &) = delete;
  PcmOpusDecoder &operator=(const PcmOpusDecoder &) = delete;

  int decode(const unsigned char *packet, std::size_t size, std::int16_t *out, std::size_t capacity);
  int conceal(int samples, std::int16_t *out, std::size_t capacity);
  int decodeFec(const unsigned char *next, std::size_t size, int samples, std::int16_t *out, std::size_t capacity);
  void reset();

private:
  explicit PcmOpusDecoder(OpusDecoder *decoder) : decoder_(decoder) {}
  OpusDecoder *decoder_;
};

} // namespace parley
