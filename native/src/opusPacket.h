#pragma once

#include <cstddef>
#include <optional>

namespace parley {

constexpr std::size_t kMaxOpusFrames = 48;
/** 120 ms at 48 kHz, RFC 6716 section 3.2.5 (R5). */
constexpr int kMaxPacketSamples48k = 5760;

struct OpusPacketInfo {
  /** Duration of the whole packet in samples at 48 kHz. */
  int durationSamples48k;
  int frames;
  bool stereo;
  bool hasFec;
};

/** Parses the packet; nothing when it breaks one of RFC 6716's rules R1 to R7 or is empty. */
std::optional<OpusPacketInfo> parseOpusPacket(const unsigned char *data, std::size_t size);

} // namespace parley
