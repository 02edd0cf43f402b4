#include "opusPacket.h"

#include <opus/opus.h>

namespace parley {
namespace {

constexpr int kMaxFrames = 48;
/** 120 ms, the longest packet (rule R5). */
constexpr int kMaxDuration48k = 5760;

/**
 * Whether the SILK layer carries low-bitrate redundancy (RFC 6716 section 4.2.4): the first bits of a SILK frame are, for each
 * channel, one VAD flag a SILK frame of 20 ms (one for 10 ms) and then the LBRR flag. They are coded with a probability of a
 * half, so the range coder leaves them readable as plain bits.
 */
bool carriesLbrr(const std::uint8_t* packet, const unsigned char* frame, int frameLength) {
  const bool celtOnly = (packet[0] & 0x80) != 0;
  if (celtOnly || frameLength < 1) return false;
  const int samples = opus_packet_get_samples_per_frame(packet, 48000);
  const int silkFrames = samples <= 960 ? 1 : samples / 960;
  const int channels = opus_packet_get_nb_channels(packet);
  bool lbrr = ((frame[0] >> (7 - silkFrames)) & 1) != 0;
  if (channels == 2) {
    lbrr = lbrr || ((frame[0] >> (6 - 2 * silkFrames)) & 1) != 0;
  }
  return lbrr;
}

}  // namespace

std::optional<OpusPacketInfo> parseOpusPacket(const std::uint8_t* data, std::size_t length) {
  // 48 frames of 1,275 bytes and their lengths; what is longer cannot be valid.
  if (data == nullptr || length == 0 || length > 48 * 1277 + 2) return std::nullopt;
  unsigned char toc = 0;
  const unsigned char* frames[kMaxFrames];
  opus_int16 sizes[kMaxFrames];
  int payloadOffset = 0;
  const int count =
      opus_packet_parse(data, static_cast<opus_int32>(length), &toc, frames, sizes, &payloadOffset);
  if (count <= 0) return std::nullopt;
  const int duration = count * opus_packet_get_samples_per_frame(data, 48000);
  if (duration > kMaxDuration48k) return std::nullopt;
  return OpusPacketInfo{duration, count, opus_packet_get_nb_channels(data) == 2, carriesLbrr(data, frames[0], sizes[0])};
}

}  // namespace parley
