#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

namespace parley {

struct OpusPacketInfo {
  int durationSamples48k = 0;
  int frames = 0;
  bool stereo = false;
  bool hasFec = false;
};

/** Reads a packet's structure; nothing when it breaks a rule of RFC 6716 section 3.4. */
std::optional<OpusPacketInfo> parseOpusPacket(const std::uint8_t* data, std::size_t length);

}  // namespace parley
